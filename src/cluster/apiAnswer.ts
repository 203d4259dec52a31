import type { Dispatcher } from 'undici';
import { type ApiError, type Call, httpError, networkError, tooLarge } from './apiError.ts';
import type { CallLimit } from './callLimit.ts';

/** A Status is a few sentences; what is longer is no Status. */
const LONGEST_ERROR = 2 ** 18;

type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/**
 * Reads the body of an answer.
 * @throws {ApiError} if it is longer than `maxBytes`, or if the connection is lost
 */
export async function wholeBody(call: Call, origin: string, answer: Answer, maxBytes: number): Promise<Buffer> {
  const bytes = await bytesOf(call, origin, answer, maxBytes);
  if (!bytes) throw tooLarge(call, maxBytes);
  return bytes;
}

/**
 * The error for an answer of 300 and above. Its text is a courtesy: without it the status says enough.
 * @throws {ApiError} if the connection is lost
 */
export async function refusal(call: Call, origin: string, answer: Answer): Promise<ApiError> {
  const { statusCode, headers } = answer;
  const text = (await bytesOf(call, origin, answer, LONGEST_ERROR)) ?? Buffer.alloc(0);
  return httpError(call, statusCode, text, headerOf(headers['retry-after']));
}

/** The body of an answer without an end, as it arrives. Releases the limit at the end. */
export async function* pieces(
  call: Call,
  origin: string,
  { body }: Answer,
  stop: CallLimit,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) yield piece;
  } catch (thrown) {
    throw stop.explain(networkError(call, origin, thrown));
  } finally {
    stop.release();
  }
}

/** A header that is sent once. */
export const headerOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** The body as it is sent; undefined if it is too long. Then it is cut off, and its connection is closed. */
async function bytesOf(
  call: Call,
  origin: string,
  { headers, body }: Answer,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const announced = Number(headerOf(headers['content-length']) ?? 0);
  const received: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      length += piece.length;
      if (length > maxBytes || announced > maxBytes) return undefined;
      received.push(piece);
    }
  } catch (thrown) {
    throw networkError(call, origin, thrown);
  }
  return Buffer.concat(received, length);
}
