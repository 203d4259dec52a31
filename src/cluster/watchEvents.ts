/** One event of a watch (metav1.WatchEvent). The object of an ERROR is a `metav1.Status`. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);
const NEWLINE = 0x0a;
/** The maximum size of an object in JSON, the same as for the response to a GET of it. */
const LONGEST_LINE = 12 * 2 ** 20;
/** The size of the buffer that is kept from one line to the next. */
const KEPT_ROOM = 2 ** 20;

/** A line without an end would fill the memory. */
export class WatchLineTooLong extends Error {
  override readonly name = 'WatchLineTooLong';
}

/**
 * Reads the events from a watch's bytes: one JSON object per line, in pieces cut anywhere. An incomplete last line is dropped, because the
 * next watch sends it again.
 * @param maxBytes limit of a line, without its newline
 * @throws SyntaxError for a whole line that is not JSON, TypeError for one that is not an event, WatchLineTooLong
 */
export async function* watchEvents(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number = LONGEST_LINE,
): AsyncGenerator<WatchEvent> {
  for await (const line of lines(pieces, maxBytes)) {
    const event: unknown = JSON.parse(line);
    if (!isEvent(event)) throw new TypeError('a line of the watch is not an event');
    yield event;
  }
}

function isEvent(event: unknown): event is WatchEvent {
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event)) return false;
  return TYPES.has(event.type) && typeof event.object === 'object' && event.object !== null;
}

async function* lines(pieces: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const unfinished = new UnfinishedLine(maxBytes);
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, from)) {
      const line = unfinished.finish(piece.subarray(from, at));
      from = at + 1;
      if (line.trim() !== '') yield line;
    }
    if (from < piece.length) unfinished.add(piece.subarray(from));
  }
}

/**
 * The bytes of an incomplete line. They are joined before decoding, because a piece may end inside a character. They are copied, because a
 * few bytes would otherwise keep a whole network buffer alive. The buffer doubles, so no byte is copied often.
 */
class UnfinishedLine {
  readonly #maxBytes: number;
  #room = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#maxBytes)
      throw new WatchLineTooLong(`a line of the watch has more than ${this.#maxBytes} bytes`);
    if (length > this.#room.length) this.#enlarge(length);
    this.#room.set(bytes, this.#length);
    this.#length = length;
  }

  /** Returns the line that these bytes complete, and begins another. */
  finish(bytes: Uint8Array): string {
    this.add(bytes);
    const line = this.#room.toString('utf8', 0, this.#length);
    this.#length = 0;
    if (this.#room.length > KEPT_ROOM) this.#room = Buffer.alloc(0);
    return line;
  }

  #enlarge(needed: number): void {
    const room = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#room.length));
    room.set(this.#room.subarray(0, this.#length));
    this.#room = room;
  }
}
