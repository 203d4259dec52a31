import type { Priority } from './priority.ts';

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
  /**
   * Called synchronously right before the bytes of each sending go out, when a connection is open and free and all waiting is over; if it
   * throws, nothing is sent and the call rejects with that. For the leader's deadline.
   */
  readonly beforeSend?: () => void;
  /** The priority of a request that waits for a connection. By default it depends on the call, see `priorityOf`. */
  readonly priority?: Priority;
  /** Bytes of the longest answer that is read; a longer one is cut off and is an `ApiError` with reason `TooLarge`. 12 MiB by default. */
  readonly maxBytes?: number;
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
