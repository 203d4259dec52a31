import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { TlsMaterial } from './credentials.ts';

const KEEP_ALIVE_MS = 60_000;
/** Reaching an API server takes milliseconds. Half of the Lease's renew deadline leaves time for a second try. */
const CONNECT_LIMIT_MS = 5000;
/** A watch is answered at once, by its headers. */
const WATCH_HEADERS_MS = 30_000;

/** What a request goes out on: connections for the Lease alone, those that all other calls share, and one for each watch. */
export type Lane = 'lease' | 'ordinary' | 'watches';

export interface Connections extends Readonly<Record<Lane, Dispatcher>> {
  /** The TLS options that they were opened with. */
  readonly tls: TlsMaterial;
}

/** @param places how many connections the lease's and the ordinary lane may have */
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

/** Every dispatcher once, for what concerns all of them, such as closing. */
export const eachDispatcher = ({ lease, ordinary, watches }: Connections): Dispatcher[] => [lease, ordinary, watches];

/** HTTP/1.1 only: multiplexing over HTTP/2 was slower here and undici's has leaked sessions (nodejs/undici#5381, #5566). */
function open(tls: TlsMaterial, proxy: string | undefined, options: Agent.Options): Dispatcher {
  const kept = { ...options, keepAliveTimeout: KEEP_ALIVE_MS, connectTimeout: CONNECT_LIMIT_MS, allowH2: false };
  const agent = proxy
    ? new ProxyAgent({ ...kept, uri: proxy, requestTls: { ...tls } })
    : new Agent({ ...kept, connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 } });
  return agent.compose(announcing);
}

/** A request's options with a function that is called right before its first byte. If it throws, the request is not sent. */
export interface Announced extends Dispatcher.RequestOptions {
  readonly onBytes: () => void;
}

/**
 * Undici calls `onRequestStart` on a connection that is open and free, and writes the request in the same turn
 * (lib/dispatcher/client-h1.js, `writeH1`). A request that waits for its connection, or for another one because that was lost, has not been
 * announced yet.
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
