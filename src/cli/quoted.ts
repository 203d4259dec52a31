import { excerpt } from '../excerpt.ts';

/** The maximum length of a quote: enough to recognise the value. The error's position shows where it is written. */
const LONGEST = 61;

/** A value of a flag or a file as its error shows it. */
export const quoted = (text: string): string => `'${excerpt(text, LONGEST)}'`;
