/** The answer is longer than allowed. The part that was read is discarded. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/**
 * Reads a response body up to a limit. A longer body is cut off there, and its connection is closed.
 * @param maxBytes limit of the body as it is sent
 * @param declared the Content-Length header. If it exceeds the limit, the body is not read at all
 * @throws {AnswerTooLong}
 */
export async function answerBytes(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  declared: string | undefined,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const announced = Number(declared ?? 0);
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > maxBytes || announced > maxBytes) throw new AnswerTooLong(`more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}
