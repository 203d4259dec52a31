/** A text in which no URL says its user and password: messages are logged. */
export const withoutCredentials = (text: string): string => text.replace(/:\/\/\S*@/g, '://…@');

/** A text in which no URL says where it leads: that of a webhook is a secret as a whole. */
export const withoutAddress = (text: string): string => text.replace(/:\/\/.*/s, '://…');
