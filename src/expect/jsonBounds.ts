/**
 * The maximum number of values in one JSON text. The smallest value in a template takes two bytes, and etcd accepts 1.5 MiB, so every
 * template that a cluster accepts has fewer. A value costs up to 60 bytes of heap. When JSON.parse reaches the heap limit, V8 ends the
 * whole process and not only the thread, so a larger text must not be parsed at all.
 */
const MOST_VALUES = 1_000_000;
/** The maximum depth of Go's decoder (encoding/json scanner.go maxNestingDepth), with which the API server reads the same text. */
const DEEPEST = 10_000;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [LEFT_SQUARE, RIGHT_SQUARE, LEFT_CURLY, RIGHT_CURLY] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Parses JSON after counting its values and their depth in one pass over its bytes.
 * @throws {Error} if it is not JSON, has too many values or is too deep
 */
export function parseBounded(bytes: Buffer): unknown {
  let [values, depth] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at + 1);
    else if (byte === COMMA) values += 1;
    else depth += nesting(byte);
    if (byte === LEFT_SQUARE || byte === LEFT_CURLY) values += 1;
    if (values > MOST_VALUES) throw new Error(`it has more than ${MOST_VALUES} values`);
    if (depth > DEEPEST) throw new Error(`it is nested more than ${DEEPEST} deep`);
  }
  return JSON.parse(bytes.toString('utf8'));
}

function nesting(byte: number | undefined): number {
  if (byte === LEFT_SQUARE || byte === LEFT_CURLY) return 1;
  return byte === RIGHT_SQUARE || byte === RIGHT_CURLY ? -1 : 0;
}

/** The position of the closing quote of a string that begins at `from`; the end of the text if there is none. */
function endOfString(bytes: Buffer, from: number): number {
  let quote = bytes.indexOf(QUOTE, from);
  while (quote >= 0 && isEscaped(bytes, quote, from)) quote = bytes.indexOf(QUOTE, quote + 1);
  return quote < 0 ? bytes.length : quote;
}

function isEscaped(bytes: Buffer, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - backslashes > from && bytes[at - backslashes - 1] === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}
