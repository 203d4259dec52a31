import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';

const zip = promisify(gzip);
const COMMA = gzipSync(',');

/** The text of one member of a JSON object. It never changes: a member that changes gets another line. */
export interface Line {
  readonly text: string;
}

/** Neighbours that are compressed together. */
interface Piece {
  readonly lines: readonly Line[];
  readonly bytes: Promise<Buffer>;
}

/**
 * How many lines a piece has. The longer pieces are, the more has to be compressed again after a change. Much shorter ones compress less
 * well: gzip looks back over 32 kB, and 256 restarts have about 80.
 */
export const PIECE = 256;

/** By the first line, so that a piece is forgotten with what it is made of. */
const pieces = new WeakMap<Line, Piece>();

/**
 * Compresses a long list of which little has changed since the last time. Files of gzip that follow each other are read as one (RFC 1952,
 * section 2.2), so only the pieces in which something has changed are compressed again.
 * @returns the lines with a comma between each two, surrounded by `head` and `tail`
 */
export async function inPieces(head: string, lines: readonly Line[], tail: string): Promise<Buffer> {
  const parts: (Buffer | Promise<Buffer>)[] = [zip(head)];
  for (let at = 0; at < lines.length; at += PIECE) {
    if (at > 0) parts.push(COMMA);
    parts.push(pieceOf(lines.slice(at, at + PIECE)).bytes);
  }
  return Buffer.concat(await Promise.all([...parts, zip(tail)]));
}

function pieceOf(lines: readonly Line[]): Piece {
  const [first] = lines;
  const known = first && pieces.get(first);
  if (known && isSame(known.lines, lines)) return known;
  const piece = { lines, bytes: zip(lines.map(({ text }) => text).join()) };
  if (first) {
    pieces.set(first, piece);
    // for want of memory, which a later write may have
    piece.bytes.catch(() => pieces.delete(first));
  }
  return piece;
}

const isSame = (some: readonly Line[], others: readonly Line[]): boolean =>
  some.length === others.length && some.every((one, i) => one === others[i]);
