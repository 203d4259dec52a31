import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import type { ApiRequest, ApiResponse, StreamRequest, WatchApi } from './api.ts';
import { headerOf, pieces, refusal, wholeBody } from './apiAnswer.ts';
import { ApiError, type Call, networkError } from './apiError.ts';
import { CallLimit, untilAborted } from './callLimit.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Announced, type Connections, eachDispatcher, type Lane, openConnections } from './connections.ts';
import { type Credentials, readCredentials, sameTls, type TlsMaterial } from './credentials.ts';
import type { WebSocketAddress } from './portForward.ts';
import { priorityOf } from './priority.ts';
import { readOnce } from './readOnce.ts';
import { RequestQueue } from './requestQueue.ts';
import { retryWait } from './retryWait.ts';
import { ServerClock } from './serverClock.ts';

/** Ordinary calls share these few connections; the API server serves a connection's requests one by one over HTTP/1.1. */
const CONNECTIONS = 8;
/** One request for the Lease is under way at a time. The other connections are for the next request when the first one is dead. */
const LEASE_CONNECTIONS = 3;
const TIME_LIMIT_MS = 30_000;
const RETRIES = 4;
/**
 * etcd keeps objects of 1.5 MiB (its --max-request-bytes), the API server takes 3 MiB (apiserver pkg/server/config.go,
 * MaxRequestBodyBytes), and in JSON one character may become six.
 */
const LONGEST_ANSWER = 12 * 2 ** 20;

export interface KubeClientOptions {
  readonly config: KubeConfig;
  /** `meltemi/<version>` */
  readonly userAgent: string;
  /** Connections for ordinary calls; each watch has its own besides, and the Lease has some. 8 by default. */
  readonly connections?: number;
  readonly clock?: Clock;
}

/**
 * HTTP to one API server over a few kept connections. Every failure is an `ApiError`, except what `beforeSend` throws.
 * Requests wait here and not in undici: it gets one only when a connection is free for it. So the most important goes first, and a call
 * ends with its time limit or its signal wherever it is: waiting, authenticating, connecting, sent, or half answered.
 * It tries again only what was surely not done: a 429 for every method; for GET also 503 and 504 that say Retry-After, and lost
 * connections.
 */
export class KubeClient implements WatchApi {
  /** The wall clock of the API server, by its answers. */
  readonly serverClock = new ServerClock();
  readonly #config: KubeConfig;
  readonly #userAgent: string;
  readonly #places: Readonly<Record<'lease' | 'ordinary', number>>;
  readonly #queues: Readonly<Record<'lease' | 'ordinary', RequestQueue>>;
  readonly #clock: Clock;
  readonly #server: URL;
  readonly #proxy: string | undefined;
  readonly #closed = new AbortController();
  #credentials: Promise<Credentials> | undefined;
  #connections: Connections | undefined;

  /** @throws Error if the kubeconfig's current context names no cluster; `loadKubeconfig` has checked that */
  constructor({ config, userAgent, connections = CONNECTIONS, clock = systemClock }: KubeClientOptions) {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error('the kubeconfig has no current cluster');
    this.#config = config;
    this.#userAgent = userAgent;
    this.#places = { lease: LEASE_CONNECTIONS, ordinary: connections };
    this.#queues = { lease: new RequestQueue(LEASE_CONNECTIONS), ordinary: new RequestQueue(connections) };
    this.#clock = clock;
    this.#server = new URL(cluster.server);
    this.#proxy = cluster.proxyUrl;
  }

  /** Scheme, host and port of the API server. */
  get origin(): string {
    return this.#server.origin;
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
    const stop = new CallLimit(request, limit, [request.signal, this.#closed.signal]);
    try {
      return await this.#attempts(request, stop, deadline);
    } catch (thrown) {
      throw stop.explain(thrown);
    } finally {
      stop.release();
    }
  }

  async #attempts(request: ApiRequest, stop: CallLimit, deadline: number): Promise<ApiResponse> {
    for (let left = request.retries ?? RETRIES; ; left--) {
      try {
        return await this.#attempt(request, stop.signal);
      } catch (error) {
        stop.signal.throwIfAborted();
        const wait = retryWait(request.method, error);
        if (left <= 0 || wait === undefined || this.#clock.now() + wait >= deadline) throw error;
        await this.#clock.sleep(wait, stop.signal);
      }
    }
  }

  async #attempt(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const priority = request.priority ?? priorityOf(request);
    const lane = priority === 'lease' ? 'lease' : 'ordinary';
    const release = await this.#queues[lane].enter(priority, signal);
    // The place is given back when undici is done with the request, which may be later than the caller's patience.
    const exchange = this.#exchange(request, lane, signal).finally(release);
    return untilAborted(exchange, signal);
  }

  async #exchange(request: ApiRequest, lane: Lane, signal: AbortSignal): Promise<ApiResponse> {
    const answer = await this.#dispatch(request, lane, signal);
    const { statusCode, headers } = answer;
    if (statusCode >= 300) throw await refusal(request, this.origin, answer);
    const body = await wholeBody(request, this.origin, answer, request.maxBytes ?? LONGEST_ANSWER);
    return { status: statusCode, contentType: headerOf(headers['content-type']) ?? '', body };
  }

  /**
   * Opens a GET whose answer has no end, on its own connection and without retries. Resolves with the answer's headers; the bytes then come
   * as they arrive. Ends when the server ends it, throws `ApiError` when the connection is lost or the signal is aborted.
   */
  async stream(request: StreamRequest): Promise<AsyncIterable<Uint8Array>> {
    const call: ApiRequest = { ...request, method: 'GET' };
    const stop = new CallLimit(call, undefined, [request.signal, this.#closed.signal]);
    try {
      const answer = await untilAborted(this.#dispatch(call, 'watches', stop.signal), stop.signal);
      if (answer.statusCode < 300) return pieces(call, this.origin, answer, stop);
      throw await refusal(call, this.origin, answer);
    } catch (thrown) {
      stop.release();
      throw stop.explain(thrown);
    }
  }

  /** What a WebSocket to this API server needs: its URL, the credentials, and connections with the right certificates and proxy. */
  async webSocketAddress(request: Pick<ApiRequest, 'path' | 'query'>): Promise<WebSocketAddress> {
    const call: ApiRequest = { ...request, method: 'GET' };
    const { headers, tls } = await this.#authenticate(call);
    return {
      url: new URL(this.#target(call), this.#server),
      headers: { 'user-agent': this.#userAgent, ...headers },
      dispatcher: this.#connectionsFor(tls).watches,
    };
  }

  /** Aborts all requests and closes every connection. */
  async close(): Promise<void> {
    this.#closed.abort();
    const connections = this.#connections;
    this.#connections = undefined;
    await Promise.all(connections ? eachDispatcher(connections).map((one) => one.destroy()) : []);
  }

  /** Authenticates and sends. Whatever `beforeSend` throws comes through as it is. */
  async #dispatch(request: ApiRequest, lane: Lane, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { headers, tls } = await untilAborted(this.#authenticate(request), signal);
    const fence = new Fence(request.beforeSend);
    let answered = this.serverClock.asked();
    const options: Announced = {
      origin: this.#server.origin,
      path: this.#target(request),
      method: request.method,
      headers: { ...this.#headers(request), ...headers },
      signal,
      onBytes: () => {
        signal.throwIfAborted();
        fence.pass();
        answered = this.serverClock.asked();
      },
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    };
    try {
      const answer = await this.#connectionsFor(tls)[lane].request(options);
      answered(headerOf(answer.headers.date));
      return answer;
    } catch (thrown) {
      throw fence.refused ? fence.reason : networkError(request, this.origin, thrown);
    }
  }

  /** Calls that start together share one reading, so that an expired exec plugin runs once and not once per call. */
  #authenticate(call: Call): Promise<Credentials> {
    this.#credentials ??= readCredentials(this.#config, call).finally(() => {
      this.#credentials = undefined;
    });
    return this.#credentials;
  }

  /** A changed certificate needs new connections; those in use finish what they do. */
  #connectionsFor(tls: TlsMaterial): Connections {
    const old = this.#connections;
    if (old && sameTls(old.tls, tls)) return old;
    this.#connections = openConnections(tls, this.#proxy, this.#places);
    for (const dispatcher of old ? eachDispatcher(old) : []) dispatcher.close().catch(() => undefined);
    return this.#connections;
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
}

/** The caller's check before sending, and whether it refused: undici does not say where an error comes from. */
class Fence {
  readonly #check: (() => void) | undefined;
  refused = false;
  reason: unknown;

  constructor(check: (() => void) | undefined) {
    this.#check = check;
  }

  pass(): void {
    try {
      this.#check?.();
    } catch (reason) {
      this.refused = true;
      this.reason = reason;
      throw reason;
    }
  }
}

function parsed({ method, path }: Call, status: number, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(readOnce(body, (bytes) => bytes.toString('utf8')));
  } catch {
    const message = `${method} ${path}: the answer is not JSON; is this an API server?`;
    throw new ApiError({ method, path, status, reason: 'Malformed', message });
  }
}
