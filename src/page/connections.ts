import type { Socket } from 'node:net';
import type { Server } from '../report/server.ts';

/** Connections besides those that listen for changes. One more, and the oldest of them is closed. */
const MOST = 100;
/** How long a client may take to send its request, and to read an answer without a break; in milliseconds. */
const REQUEST_LIMIT = 10_000;
const IDLE_LIMIT = 20_000;

/**
 * Bounds the connections of a server, so that clients that send nothing or read nothing cost little and keep nobody out: a new one takes
 * the place of the oldest.
 */
export class Connections {
  /** By their far ends, because a server over TLS knows each connection by two sockets. */
  readonly #open = new Map<string, Socket>();

  bound(server: Server): void {
    server.headersTimeout = REQUEST_LIMIT;
    server.requestTimeout = REQUEST_LIMIT;
    server.setTimeout(IDLE_LIMIT);
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  /** Leaves a connection out of the bound, because it stays open and is bounded elsewhere. */
  leave(socket: Socket): void {
    this.#open.delete(farEnd(socket));
    socket.setTimeout(0);
  }

  #opened(socket: Socket): void {
    const key = farEnd(socket);
    this.#open.set(key, socket);
    socket.once('close', () => {
      if (this.#open.get(key) === socket) this.#open.delete(key);
    });
    if (this.#open.size > MOST) this.#open.values().next().value?.destroy();
  }
}

const farEnd = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
