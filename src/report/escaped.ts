/** Characters that one field of foreign text may have on a terminal or in a log line: a long sentence, and no dumped object. */
const FIELD_LIMIT = 500;

const CUT = '…';

/**
 * What does not show as itself: controls (C0, DEL, C1, and so every ANSI and OSC sequence), line and paragraph separators, halves of
 * surrogate pairs, and what Unicode calls format or default-ignorable: bidi overrides, zero-width characters, tags
 * (UTS #39 §5.4, UAX #9 §2, CVE-2021-42574). The braille blank has no ink either.
 */
export const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Four digits as JSON has it; beyond them in braces, as JavaScript has it. */
function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).padStart(4, '0');
  return SHORT[character] ?? (code > 0xffff ? `\\u{${digits}}` : `\\u${digits}`);
}

const characters = (piece: string): number => [...piece].length;

/**
 * Foreign text in a form that is safe to show, on one line: whatever would move the cursor, begin a line, turn the direction of writing or
 * not be seen at all is written as an escape. What is longer than the limit is cut, and ends in `…`; neither a character nor an escape is
 * halved. The work is bounded by the limit too, not by the text.
 * @param text anything that came from the cluster, from another program or from a file
 * @param limit greatest size of the result
 * @param sizeOf size of a piece in the limit's unit; characters unless said otherwise
 */
export function escaped(text: string, limit = FIELD_LIMIT, sizeOf: (piece: string) => number = characters): string {
  // nearly all texts need no escape; none has more characters than code units
  const isPlain = text.length <= limit && !UNSAFE.test(text);
  if (isPlain && (sizeOf === characters || sizeOf(text) <= limit)) return text;
  const pieces: string[] = [];
  let size = 0;
  for (const character of text) {
    const piece = UNSAFE.test(character) ? escapeOf(character) : character;
    pieces.push(piece);
    size += sizeOf(piece);
    if (size > limit) return shortened(pieces, size, limit, sizeOf);
  }
  return pieces.join('');
}

function shortened(pieces: string[], size: number, limit: number, sizeOf: (piece: string) => number): string {
  let left = size;
  while (pieces.length > 0 && left + sizeOf(CUT) > limit) left -= sizeOf(pieces.pop() ?? '');
  return pieces.join('') + CUT;
}

/** The same, with the limit in bytes of UTF-8. */
export const escapedBytes = (text: string, limit: number): string =>
  escaped(text, limit, (piece) => Buffer.byteLength(piece));

/** Cuts a text where its value matters more than its looks, as in a log field: at whole characters, without escapes. */
export function cut(text: string, limit = FIELD_LIMIT): string {
  // no character has more than two code units, so this bounds the work
  const first = [...text.slice(0, 2 * limit + 2)];
  return first.length > limit ? first.slice(0, limit - 1).join('') + CUT : text;
}
