import { excerpt } from '../excerpt.ts';

/** Enough to recognise what was written; the place says where it stands. */
const LONGEST = 61;

/** A value of a flag or a file as its error shows it. */
export const quoted = (text: string): string => `'${excerpt(text, LONGEST)}'`;
