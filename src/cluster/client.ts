import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { ApiError, type Call, httpError, isRetryable, networkError } from './apiError.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Credentials, readCredentials, sameTls, type TlsMaterial } from './credentials.ts';

/** Ordinary calls share these few connections; the API server serves a connection's requests one by one over HTTP/1.1. */
const CONNECTIONS = 8;
const KEEP_ALIVE_MS = 60_000;
const TIME_LIMIT_MS = 30_000;
const RETRIES = 4;
const DEFAULT_WAIT_MS = 1000;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiRequest {
  readonly method: Method;
  /** Absolute API path, as `resourcePath` makes it. */
  readonly path: string;
  /** Parameters; undefined ones are left out. */
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; for a PATCH it says which kind of patch it is. `application/json` by default. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** For the call as a whole, with its retries and waits. 30,000 by default. */
  readonly timeoutMs?: number;
  /** How often to try again; 0 for evictions, whose 429 is an answer. 4 by default. */
  readonly retries?: number;
  /** Called synchronously right before each sending; if it throws, nothing is sent. For the leader's deadline. */
  readonly beforeSend?: () => void;
}

export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface StreamRequest {
  readonly path: string;
  readonly query?: Query;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** What the list and the pod scan need of a client. */
export interface Api {
  send(request: ApiRequest): Promise<ApiResponse>;
  request<T = unknown>(request: ApiRequest): Promise<T>;
}

/** What a reflector needs besides. */
export interface WatchApi extends Api {
  stream(request: StreamRequest): Promise<AsyncIterable<Uint8Array>>;
}

export interface KubeClientOptions {
  readonly config: KubeConfig;
  /** `meltemi/<version>` */
  readonly userAgent: string;
  /** Connections for ordinary calls; each watch has its own besides. 8 by default. */
  readonly connections?: number;
  readonly clock?: Clock;
}

interface Pools {
  readonly tls: TlsMaterial;
  readonly ordinary: Dispatcher;
  readonly watches: Dispatcher;
}

/**
 * HTTP to one API server over a few kept connections. Every failure is an `ApiError`, except what `beforeSend` throws.
 * It tries again only what was surely not done: a 429 for every method; for GET also 503 and 504 that say Retry-After, and lost connections.
 */
export class KubeClient implements WatchApi {
  readonly #config: KubeConfig;
  readonly #userAgent: string;
  readonly #connections: number;
  readonly #clock: Clock;
  readonly #server: URL;
  readonly #proxy: string | undefined;
  readonly #requests = new Map<string, number>();
  readonly #closed = new AbortController();
  #credentials: Promise<Credentials> | undefined;
  #pools: Pools | undefined;

  /** @throws Error if the kubeconfig's current context names no cluster; `loadKubeconfig` has checked that */
  constructor({ config, userAgent, connections = CONNECTIONS, clock = systemClock }: KubeClientOptions) {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error('the kubeconfig has no current cluster');
    this.#config = config;
    this.#userAgent = userAgent;
    this.#connections = connections;
    this.#clock = clock;
    this.#server = new URL(cluster.server);
    this.#proxy = cluster.proxyUrl;
  }

  /** Scheme, host and port of the API server. */
  get origin(): string {
    return this.#server.origin;
  }

  /** Requests sent so far, retries included, by Kubernetes verb: get, list, watch, create, update, patch, delete. */
  get requests(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#requests);
  }

  /** Calls and parses the answer as JSON; T is the caller's word for what the API promises there. An empty answer is undefined. */
  async request<T = unknown>(request: ApiRequest): Promise<T> {
    const { body, status } = await this.send({ accept: 'application/json', ...request });
    return parsed(request, status, body) as T;
  }

  /** Calls and returns the answer's bytes, for those who asked for something else than JSON. */
  async send(request: ApiRequest): Promise<ApiResponse> {
    const limit = request.timeoutMs ?? TIME_LIMIT_MS;
    const deadline = this.#clock.now() + limit;
    const stop = new Stop(request, limit, [request.signal, this.#closed.signal]);
    try {
      return await this.#attempts(request, stop, deadline);
    } catch (thrown) {
      throw stop.explain(thrown);
    } finally {
      stop.release();
    }
  }

  async #attempts(request: ApiRequest, stop: Stop, deadline: number): Promise<ApiResponse> {
    for (let left = request.retries ?? RETRIES; ; left--) {
      try {
        return await this.#attempt(request, stop.signal);
      } catch (error) {
        stop.signal.throwIfAborted();
        const wait = waitBeforeRetry(request.method, error);
        if (left <= 0 || wait === undefined || this.#clock.now() + wait >= deadline) throw error;
        await this.#clock.sleep(wait, stop.signal);
      }
    }
  }

  async #attempt(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const { statusCode, headers, body } = await this.#dispatch(request, 'ordinary', signal);
    const bytes = await answered(request, this.origin, async () => Buffer.from(await body.arrayBuffer()));
    if (statusCode >= 300) throw httpError(request, statusCode, bytes, headerOf(headers['retry-after']));
    return { status: statusCode, contentType: headerOf(headers['content-type']) ?? '', body: bytes };
  }

  /**
   * Opens a GET whose answer has no end, on its own connection and without retries. Resolves with the answer's headers; the bytes then come
   * as they arrive. Ends when the server ends it, throws `ApiError` when the connection is lost or the signal is aborted.
   */
  async stream(request: StreamRequest): Promise<AsyncIterable<Uint8Array>> {
    const call: ApiRequest = { ...request, method: 'GET' };
    const stop = new Stop(call, undefined, [request.signal, this.#closed.signal]);
    try {
      const { statusCode, headers, body } = await this.#dispatch(call, 'watches', stop.signal);
      if (statusCode < 300) return pieces(call, this.origin, body, stop);
      const bytes = await answered(call, this.origin, () => body.arrayBuffer());
      throw httpError(call, statusCode, Buffer.from(bytes), headerOf(headers['retry-after']));
    } catch (thrown) {
      stop.release();
      throw stop.explain(thrown);
    }
  }

  /** Ends all that is in flight and closes every connection. */
  async close(): Promise<void> {
    this.#closed.abort();
    const pools = this.#pools;
    this.#pools = undefined;
    await Promise.all([pools?.ordinary.destroy(), pools?.watches.destroy()]);
  }

  async #dispatch(
    request: ApiRequest,
    pool: 'ordinary' | 'watches',
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { headers, tls } = await this.#authenticate(request);
    signal.throwIfAborted();
    const dispatcher = this.#poolsFor(tls)[pool];
    request.beforeSend?.();
    this.#count(pool === 'watches' ? 'watch' : verbOf(request));
    return answered(request, this.origin, () =>
      dispatcher.request({
        origin: this.#server.origin,
        path: this.#target(request),
        method: request.method,
        headers: { ...this.#headers(request), ...headers },
        signal,
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      }),
    );
  }

  /** Calls that start together share one reading, so that an expired exec plugin runs once and not once per call. */
  #authenticate(call: Call): Promise<Credentials> {
    this.#credentials ??= readCredentials(this.#config, call).finally(() => {
      this.#credentials = undefined;
    });
    return this.#credentials;
  }

  /** A changed certificate needs new connections; those in use finish what they do. */
  #poolsFor(tls: TlsMaterial): Pools {
    const old = this.#pools;
    if (old && sameTls(old.tls, tls)) return old;
    this.#pools = {
      tls,
      ordinary: openPool(tls, this.#proxy, { connections: this.#connections }),
      watches: openPool(tls, this.#proxy, { bodyTimeout: 0, headersTimeout: TIME_LIMIT_MS }),
    };
    old?.ordinary.close().catch(() => undefined);
    old?.watches.close().catch(() => undefined);
    return this.#pools;
  }

  #headers({ accept, body, contentType = 'application/json' }: ApiRequest): Record<string, string> {
    return {
      'user-agent': this.#userAgent,
      accept: accept ?? 'application/json',
      ...(body !== undefined && { 'content-type': contentType }),
    };
  }

  /** A server URL may have a path of its own, as behind Rancher. */
  #target({ path, query = {} }: ApiRequest): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
    const search = parameters.toString();
    return `${this.#server.pathname.replace(/\/$/, '')}${path}${search ? `?${search}` : ''}`;
  }

  #count(verb: string): void {
    this.#requests.set(verb, (this.#requests.get(verb) ?? 0) + 1);
  }
}

/** HTTP/1.1 only: multiplexing over HTTP/2 was slower here and undici's has leaked sessions (nodejs/undici#5381, #5566). */
function openPool(tls: TlsMaterial, proxy: string | undefined, options: Agent.Options): Dispatcher {
  const kept = { ...options, keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false };
  if (proxy) return new ProxyAgent({ ...kept, uri: proxy, requestTls: { ...tls } });
  return new Agent({ ...kept, connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 } });
}

/** One end for a call: its time limit, its caller's signal and the client's closing, with the words for each. */
class Stop {
  readonly #call: Call;
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #limit: number | undefined;
  #timedOut = false;

  constructor(call: Call, limitMs: number | undefined, sources: readonly (AbortSignal | undefined)[]) {
    this.#call = { method: call.method, path: call.path };
    this.#limit = limitMs;
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) {
      if (source.aborted) this.#abort();
      else source.addEventListener('abort', this.#abort, { once: true });
    }
    if (limitMs !== undefined) this.#timer = setTimeout(this.#expire, limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #abort = (): void => this.#controller.abort();

  readonly #expire = (): void => {
    this.#timedOut = true;
    this.#abort();
  };

  explain(thrown: unknown): unknown {
    if (!this.signal.aborted) return thrown;
    const { method, path } = this.#call;
    if (!this.#timedOut)
      return new ApiError({ method, path, reason: 'Aborted', message: `${method} ${path}: stopped` });
    return new ApiError({
      method,
      path,
      reason: 'Timeout',
      message: `${method} ${path}: no answer within ${this.#limit} ms`,
    });
  }

  /** Leaves no timer and no listener behind: a caller's signal may live as long as the process. */
  release(): void {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.removeEventListener('abort', this.#abort);
  }
}

async function* pieces(
  call: Call,
  origin: string,
  body: Dispatcher.ResponseData['body'],
  stop: Stop,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) yield piece;
  } catch (thrown) {
    throw stop.explain(networkError({ method: call.method, path: call.path }, origin, thrown));
  } finally {
    stop.release();
  }
}

async function answered<T>({ method, path }: Call, origin: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (thrown) {
    throw networkError({ method, path }, origin, thrown);
  }
}

/** Milliseconds until this call may be tried again, or undefined if it must not be: after a 5xx or a lost connection a write may be done. */
function waitBeforeRetry(method: Method, error: unknown): number | undefined {
  if (!(error instanceof ApiError) || !isRetryable(error)) return undefined;
  if (error.status === 429) return error.retryAfterMs ?? DEFAULT_WAIT_MS;
  if (method !== 'GET') return undefined;
  if (error.status === 503 || error.status === 504) return error.retryAfterMs;
  return WORTH_ANOTHER_CONNECTION.has(lostBy(error)) ? 0 : undefined;
}

/** Kept connections that the server closed just as they were used again. A refused one is the caller's to wait for. */
const WORTH_ANOTHER_CONNECTION = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE']);

function lostBy({ cause }: ApiError): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

const VERBS = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** The API server's audit log tells list from get by the path; here only lists have a limit. */
function verbOf({ method, query }: ApiRequest): string {
  return method === 'GET' && query?.limit !== undefined ? 'list' : VERBS[method];
}

const headerOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

function parsed({ method, path }: Call, status: number, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    const message = `${method} ${path}: the answer is not JSON; is this an API server?`;
    throw new ApiError({ method, path, status, reason: 'Malformed', message });
  }
}
