import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What came of a request. The URL is a secret, so no answer has any part of it. */
export type PostResult =
  | { readonly status: number; readonly retryAfter?: number }
  /** In words. */
  | { readonly problem: string };

/** Milliseconds for a request, from the look-up of the name to the answer's status line. */
const TIMEOUT = 10_000;
/** Longest pause that a receiver may ask for, in milliseconds. */
const LONGEST_PAUSE = 10 * 60_000;

/**
 * Posts JSON and waits for the status of the answer. The body of the answer is not read, and redirects are not followed: they would take
 * the message to where nobody has sent it. Never rejects.
 */
export function postJson(url: URL, body: object, signal: AbortSignal, timeout = TIMEOUT): Promise<PostResult> {
  const { promise, resolve } = Promise.withResolvers<PostResult>();
  const text = JSON.stringify(body);
  const late = AbortSignal.timeout(timeout);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  let request: ClientRequest;
  try {
    request = send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      signal: AbortSignal.any([signal, late]),
    });
  } catch {
    return Promise.resolve({ problem: 'its URL cannot be used for a request' });
  }
  request.on('response', (response) => {
    resolve(resultOf(response));
    response.destroy();
  });
  // without this, nothing more would be heard of a request that is answered with another protocol
  request.on('upgrade', (response, socket) => {
    resolve(resultOf(response));
    socket.destroy();
  });
  request.on('error', (error) => {
    resolve({ problem: late.aborted ? `no answer within ${timeout / 1000} s` : wordsOf(error) });
  });
  request.on('close', () => resolve({ problem: 'the request failed' }));
  request.end(text);
  return promise;
}

function resultOf({ statusCode = 0, headers }: IncomingMessage): PostResult {
  const retryAfter = pauseOf(headers['retry-after']);
  return { status: statusCode, ...(retryAfter !== undefined && { retryAfter }) };
}

/** Only seconds: rate limits are told in them. */
function pauseOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Math.min(Number(text) * 1000, LONGEST_PAUSE) : undefined;
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name cannot be resolved',
  EAI_AGAIN: 'its host name cannot be resolved now',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** The message of an error may name the host or the path, so only its code is used. */
function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return WORDS[code] ?? (/^[A-Z0-9_]{1,60}$/.test(code) ? `the request failed (${code})` : 'the request failed');
}
