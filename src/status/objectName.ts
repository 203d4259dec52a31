/** What the names of objects are made of. A name with anything else has not come from an API server. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/;

/** Whether an API server would take a text as the name of an object. Whoever may write the Lease may have written it into a status. */
export const isObjectName = (text: string): boolean => NAME.test(text);
