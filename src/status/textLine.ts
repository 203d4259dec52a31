import { escaped } from '../report/escaped.ts';

/** A piece of a line with its SGR parameters; an empty text of them is plain. */
export interface Piece {
  readonly text: string;
  readonly sgr?: string;
}

/** The looks of a piece, as SGR parameters. They add to words and never replace them. */
export const SGR = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;

const ZERO = /^[\p{M}\p{Default_Ignorable_Code_Point}]$/u;
/** Characters that take two columns, near enough (UAX #11): the scripts of East Asia, full-width forms, and emoji. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;
const ASCII = /^[\x20-\x7e]*$/;

/** How many columns a terminal gives to a text. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Foreign text on one line, safe to show and at most so many columns wide. */
const cell = (text: string, columns: number): string => escaped(text, Math.max(1, columns), columnsOf);

/** The same, filled with blanks. */
export function padded(text: string, columns: number): string {
  const shown = cell(text, columns);
  return shown + ' '.repeat(Math.max(0, columns - columnsOf(shown)));
}

/** The same, with the blanks before it. */
export function rightAligned(text: string, columns: number): string {
  const shown = cell(text, columns);
  return ' '.repeat(Math.max(0, columns - columnsOf(shown))) + shown;
}

/** One line of pieces, cut at the width. Each piece ends its own colour. */
export function textLine(pieces: readonly Piece[], width: number, colour: boolean): string {
  let left = width;
  let line = '';
  for (const { text, sgr } of pieces) {
    if (left <= 0) break;
    const shown = cell(text, left);
    left -= columnsOf(shown);
    line += colour && sgr && shown.trim() !== '' ? `\u001b[${sgr}m${shown}\u001b[0m` : shown;
  }
  return line.trimEnd();
}
