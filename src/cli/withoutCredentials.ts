/** A text in which no URL says its user and password: messages are logged. */
export const withoutCredentials = (text: string): string => text.replace(/:\/\/\S*@/g, '://…@');
