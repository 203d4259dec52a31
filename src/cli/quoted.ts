import { excerpt } from '../excerpt.ts';

/** The maximum length of a quote: enough to recognise the value. The error's position shows where it is written. */
const LONGEST = 61;

/** Quotes a value of a flag or a file for an error. */
export const quoted = (text: string): string => `'${excerpt(text, LONGEST)}'`;
