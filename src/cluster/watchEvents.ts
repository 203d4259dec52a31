/** One event of a watch (metav1.WatchEvent). The object of an ERROR is a `metav1.Status`. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

const NEWLINE = 0x0a;

/**
 * The events in a watch's bytes: one JSON object a line, cut anywhere. What follows the last newline was cut off and is dropped: it comes
 * again with the next watch.
 * @throws SyntaxError for a whole line that is no JSON, TypeError for one that is no event
 */
export async function* watchEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  for await (const line of lines(pieces)) {
    const event: unknown = JSON.parse(line);
    if (!isEvent(event)) throw new TypeError('a line of the watch is not an event');
    yield event;
  }
}

function isEvent(event: unknown): event is WatchEvent {
  return typeof event === 'object' && event !== null && 'type' in event && 'object' in event && event.object !== null;
}

/** Bytes are joined before they are decoded: a piece may end inside a character. */
async function* lines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let unfinished: Uint8Array[] = [];
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...unfinished, piece.subarray(from, at)]).toString('utf8');
      unfinished = [];
      from = at + 1;
      if (line.trim() !== '') yield line;
    }
    if (from < piece.length) unfinished.push(piece.subarray(from));
  }
}
