import { Duplex } from 'node:stream';
import { type Dispatcher, WebSocket } from 'undici';
import type { Api, ApiRequest } from './api.ts';
import { resourcePath } from './resources.ts';

/** What a WebSocket to the API server needs. */
export interface WebSocketAddress {
  /** With the scheme of the API server, https or http. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** A client that can also open WebSockets. */
export interface UpgradingApi extends Api {
  webSocketAddress(request: Pick<ApiRequest, 'path' | 'query'>): Promise<WebSocketAddress>;
}

/** One port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/**
 * The protocol of clients that speak no SPDY: the API server hands it through to the kubelet (kubernetes
 * pkg/registry/core/pod/rest/subresources.go), and every message begins with the number of its channel.
 */
const PROTOCOL = 'v4.channel.k8s.io';
const DATA = 0;
const ERROR = 1;
/** The first two bytes of each channel repeat the port (cri-streaming pkg/streaming/portforward/websocket.go). */
const PORT_BYTES = 2;
/** Bytes of a message of ours. A kubelet reads a message whole. */
const LARGEST_MESSAGE = 32 * 1024;
/** Characters of an error that a kubelet says. */
const LONGEST_ERROR = 300;

/**
 * Opens a stream to a port of a pod through the API server, as `kubectl port-forward` does. It needs the rights `get` and `create` on
 * `pods/portforward`: a WebSocket begins with a GET, and since Kubernetes 1.35 the API server also asks for `create`.
 * @throws {ApiError} when the API server refuses it, and for missing rights its words
 * @throws {Error} when the connection cannot be upgraded, as behind some proxies
 */
export async function portForward(api: UpgradingApi, { namespace, pod, port }: PodPort): Promise<Duplex> {
  const path = `${resourcePath('pods', namespace, pod)}/portforward`;
  const query = { ports: port };
  const { url, ...init } = await api.webSocketAddress({ path, query });
  const socket = new WebSocket(url.href.replace(/^http/, 'ws'), { protocols: [PROTOCOL], ...init });
  socket.binaryType = 'arraybuffer';
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = ({ error, message }) => opened.reject(error ?? new Error(message));
  // listens from the start: the first message may come with the answer that opens it
  const stream = new PortForwardStream(socket);
  try {
    await opened.promise;
    return stream;
  } catch (thrown) {
    stream.destroy();
    // a WebSocket tells no status, and an ordinary request gets the reason
    await api.request({ method: 'GET', path, query, retries: 0 }).catch((refused: { status?: number }) => {
      if (refused.status !== UPGRADE_REQUIRED) throw refused;
    });
    throw new Error('the connection to the API server cannot become a WebSocket; is there a proxy in between?', {
      cause: thrown,
    });
  }
}

/** The answer to an ordinary request: it is allowed, but is no WebSocket (apimachinery pkg/util/proxy/upgradeaware.go). */
const UPGRADE_REQUIRED = 400;

/** The bytes of a forwarded port. A WebSocket cannot be asked to wait, so its reader must bound what it keeps. */
class PortForwardStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #unread = new Map([
    [DATA, PORT_BYTES],
    [ERROR, PORT_BYTES],
  ]);

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.onmessage = ({ data }: { data: unknown }) => this.#receive(Buffer.from(data as ArrayBuffer));
    socket.onclose = () => {
      this.push(null);
      this.end();
    };
    // each use of it must tell; one that nobody uses any more must not end the process
    this.on('error', () => undefined);
  }

  #receive(message: Buffer): void {
    const channel = message[0] ?? DATA;
    const skipped = this.#unread.get(channel) ?? 0;
    const content = message.subarray(1 + skipped);
    this.#unread.set(channel, Math.max(0, skipped - (message.length - 1)));
    if (content.length === 0 || this.destroyed) return;
    if (channel === ERROR) this.destroy(new Error(content.toString('utf8').slice(0, LONGEST_ERROR)));
    else this.push(content);
  }

  override _read(): void {
    // messages are pushed as they come
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let from = 0; from < chunk.length; from += LARGEST_MESSAGE)
      this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk.subarray(from, from + LARGEST_MESSAGE)]));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.close();
    done(error);
  }
}
