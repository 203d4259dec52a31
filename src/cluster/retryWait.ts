import { ApiError, isRetryable } from './apiError.ts';

const DEFAULT_WAIT_MS = 1000;
/** Kept connections that the server closed just as they were used again. A refused one is the caller's to wait for. */
const WORTH_ANOTHER_CONNECTION = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE']);

/**
 * Milliseconds until this call may be tried again, or undefined if it must not be: after a 5xx or a lost connection a write may be done.
 */
export function retryWait(method: string, error: unknown): number | undefined {
  if (!(error instanceof ApiError) || !isRetryable(error)) return undefined;
  if (error.status === 429) return error.retryAfterMs ?? DEFAULT_WAIT_MS;
  if (method !== 'GET') return undefined;
  if (error.status === 503 || error.status === 504) return error.retryAfterMs;
  return WORTH_ANOTHER_CONNECTION.has(lostBy(error)) ? 0 : undefined;
}

function lostBy({ cause }: ApiError): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
