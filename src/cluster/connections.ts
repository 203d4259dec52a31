import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TlsMaterial } from './credentials.ts';

const KEEP_ALIVE_MS = 60_000;
/** Connecting to an API server takes milliseconds. Half of the Lease's renew deadline leaves time for a second try. */
const CONNECT_LIMIT_MS = 5000;
/** A watch is answered at once, with its headers. */
const WATCH_HEADERS_MS = 30_000;

/**
 * The dispatchers for requests: connections for the Lease alone, shared connections for all other calls, and one connection for each watch.
 */
export type Lane = 'lease' | 'ordinary' | 'watches';

export interface Connections extends Readonly<Record<Lane, Dispatcher>> {
  /** The TLS options that they use. */
  readonly tls: TlsMaterial;
}

/** @param places the number of connections for the Lease and for ordinary calls */
export function openConnections(
  tls: TlsMaterial,
  proxy: string | undefined,
  places: Readonly<Record<'lease' | 'ordinary', number>>,
): Connections {
  return {
    tls,
    lease: open(tls, proxy, { connections: places.lease }),
    ordinary: open(tls, proxy, { connections: places.ordinary }),
    watches: open(tls, proxy, { bodyTimeout: 0, headersTimeout: WATCH_HEADERS_MS }),
  };
}

/** Every dispatcher once, for operations on all of them, such as closing. */
export const eachDispatcher = ({ lease, ordinary, watches }: Connections): Dispatcher[] => [lease, ordinary, watches];

/** HTTP/1.1 only: HTTP/2 was slower here, and undici's HTTP/2 has leaked sessions (nodejs/undici#5381, #5566). */
function open(tls: TlsMaterial, proxy: string | undefined, options: Agent.Options): Dispatcher {
  const kept = { ...options, keepAliveTimeout: KEEP_ALIVE_MS, connectTimeout: CONNECT_LIMIT_MS, allowH2: false };
  const agent = proxy
    ? new ProxyAgent({ ...kept, uri: proxy, requestTls: { ...tls } })
    : new Agent({ ...kept, connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 } });
  return agent.compose(announcing);
}

/** Request options with a function that is called right before the first byte. If the function throws, the request is not sent. */
export interface Announced extends Dispatcher.RequestOptions {
  readonly onBytes: () => void;
}

/**
 * Undici calls `onRequestStart` on an open and free connection, and writes the request in the same turn (lib/dispatcher/client-h1.js,
 * `writeH1`). It has not yet been called for a request that waits for its connection, or for a new one after the first was lost.
 */
const announcing: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(
    options,
    'onBytes' in options ? new Announcing(handler, (options as unknown as Announced).onBytes) : handler,
  );

class Announcing implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #onBytes: () => void;

  constructor(handler: Dispatcher.DispatchHandler, onBytes: () => void) {
    this.#handler = handler;
    this.#onBytes = onBytes;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#onBytes();
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(...all: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    this.#handler.onResponseStart?.(...all);
  }

  onResponseData(...all: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseData']>>): void {
    this.#handler.onResponseData?.(...all);
  }

  onResponseEnd(...all: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.#handler.onResponseEnd?.(...all);
  }

  onResponseError(...all: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>): void {
    this.#handler.onResponseError?.(...all);
  }
}
