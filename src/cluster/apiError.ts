import { fits, type Shape } from '../fieldTypes.ts';
import { messageOf } from '../messageOf.ts';
import { rightFor } from './resources.ts';

/** The longest message that is kept from a server: enough for a sentence, too little for a dumped object. */
const MESSAGE_LIMIT = 300;

/**
 * The longest wait that a server may ask for. A larger number is a mistake of the server or of a proxy, and would block Meltemi for days.
 */
const LONGEST_WAIT_MS = 60_000;

/** The facts about a failed call. `path` has no query, because selectors and continue tokens would only make messages long. */
export interface ApiFailure {
  readonly method: string;
  readonly path: string;
  readonly reason: string;
  readonly message: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * The error of every call to the API server. `reason` is Kubernetes' `Status.reason` if there is one, else `HTTP`. Without a response, it
 * is `Network`, `Timeout`, `TLS`, `Authentication` or `Aborted`. `Malformed` means a response that cannot be read, `TooLarge` one above the
 * limit. The error contains no headers and no bodies, so it can be logged whole.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; absent without a response. */
  readonly status?: number;
  readonly reason: string;
  /** The wait that the server asked for, in milliseconds, limited to between 0 and 60,000. */
  readonly retryAfterMs?: number;
  readonly method: string;
  readonly path: string;

  constructor({ method, path, reason, message, status, retryAfterMs, cause }: ApiFailure) {
    super(message, cause === undefined ? undefined : { cause });
    this.method = method;
    this.path = path;
    this.reason = reason;
    if (status !== undefined) this.status = status;
    if (retryAfterMs !== undefined && retryAfterMs >= 0) this.retryAfterMs = Math.min(retryAfterMs, LONGEST_WAIT_MS);
  }
}

const hasStatus = (error: unknown, status: number): boolean => error instanceof ApiError && error.status === status;

/** Whether the API server says that the object does not exist, or that it does not serve objects of this kind. */
export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** Whether the object has changed since it was read, or exists already. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409);
/** Whether a right is missing. */
export const isForbidden = (error: unknown): boolean => hasStatus(error, 403);

/** The resource version or continue token is too old (`Expired`, `Gone`): list again from the start. */
export const isGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');

/** The response was longer than the call allows. The caller can ask for less. */
export const isTooLarge = (error: unknown): boolean => error instanceof ApiError && error.reason === 'TooLarge';

/** The error for a response that was cut off after this many bytes. */
export function tooLarge(call: Call, maxBytes: number): ApiError {
  const cure = 'look for large annotations or managedFields on the objects';
  const message = `${call.method} ${call.path}: the answer has more than ${maxBytes} bytes and is not read; ${cure}`;
  return new ApiError({ ...call, reason: 'TooLarge', message });
}

/** Whether the same call may succeed later. A write may still have taken effect: read again before you repeat it. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.status === undefined) return error.reason === 'Network' || error.reason === 'Timeout';
  return error.status === 429 || error.status >= 500;
}

/** The fields of a `metav1.Status` that are read. */
export interface RawStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

const STATUS: Shape = {
  code: 'number',
  reason: 'string',
  message: 'string',
  details: { retryAfterSeconds: 'number' },
};

export interface Call {
  readonly method: string;
  readonly path: string;
}

/** The error for a response of 300 and above. Only a `metav1.Status` is quoted, because anything else may be a proxy's page or an echo. */
export function httpError(call: Call, status: number, body: Uint8Array, retryAfter?: string): ApiError {
  const raw = statusOf(body);
  const retryAfterMs = retryAfterOf(retryAfter) ?? retryAfterOf(raw?.details?.retryAfterSeconds);
  return statusError(call, { ...raw, code: status }, retryAfterMs);
}

/** The error for a Status from a response, or from an ERROR event of a watch. */
export function statusError(call: Call, given: RawStatus, retryAfterMs?: number): ApiError {
  const raw = fits(given, STATUS) ? given : {};
  const said = raw.message || raw.reason || withoutWords(call, raw.code);
  return new ApiError({
    ...call,
    reason: raw.reason || 'HTTP',
    message: `${call.method} ${call.path}: ${raw.code ?? 'error'}: ${said.slice(0, MESSAGE_LIMIT)}${raw.code === 401 ? UNAUTHORIZED : ''}`,
    ...(raw.code !== undefined && { status: raw.code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** The API server never says more than the word, so as not to help an attacker. */
const UNAUTHORIZED = '; has the token or the client certificate expired, or is it of another cluster?';

/** If protobuf was requested, the Status is protobuf too. It is not read, because the call already shows what was refused. */
function withoutWords({ method, path }: Call, code: number | undefined): string {
  return code === 403 && method === 'GET' ? `forbidden, missing right: ${rightFor('list', path)}` : 'no reason given';
}

function statusOf(body: Uint8Array): RawStatus | undefined {
  try {
    const raw: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return isStatus(raw) ? raw : undefined;
  } catch {
    return undefined;
  }
}

function isStatus(raw: unknown): raw is RawStatus {
  return typeof raw === 'object' && raw !== null && 'kind' in raw && raw.kind === 'Status' && fits(raw, STATUS);
}

/** The API server sends whole seconds, never a date (apiserver pkg/endpoints/handlers/responsewriters/status.go). */
function retryAfterOf(seconds: string | number | undefined): number | undefined {
  if (seconds === undefined || !/^\d+$/.test(String(seconds))) return undefined;
  return Number(seconds) * 1000;
}

/** The error for a call without a response, made of what undici, the socket or TLS threw. */
export function networkError(call: Call, origin: string, thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const code = codeOf(thrown);
  const reason = TIMEOUTS.has(code) ? 'Timeout' : TLS.test(code) ? 'TLS' : 'Network';
  const said = WORDS[code] ?? messageOf(thrown).slice(0, MESSAGE_LIMIT);
  return new ApiError({ ...call, reason, message: `${call.method} ${call.path}: ${origin}: ${said}`, cause: thrown });
}

/** Undici wraps some errors, and a name with several addresses fails with an AggregateError. The code is then one level down. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return codeOf(thrown.cause);
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is the API server up and is this its address?',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'no such host; is the name in the kubeconfig right?',
  EAI_AGAIN: 'the name cannot be resolved at the moment',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  UND_ERR_SOCKET: 'the other side closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not signed by the kubeconfig's certificate authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not signed by the kubeconfig's certificate authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not signed by the kubeconfig's certificate authority",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
};
