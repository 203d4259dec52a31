import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:net';

/** Stands before a server and takes connections, but passes nothing on before it is opened: a handshake takes as long as a test wants. */
export class Gate implements AsyncDisposable {
  readonly #server: Server;
  readonly #opened = Promise.withResolvers<void>();
  knocked = 0;

  /** @param behind port of the server that it stands before */
  constructor(behind: number) {
    this.#server = createServer((socket) => {
      this.knocked += 1;
      socket.on('error', () => undefined);
      void this.#opened.promise.then(() => {
        const inner = connect(behind, '127.0.0.1');
        inner.on('error', () => socket.destroy());
        socket.on('close', () => inner.destroy());
        inner.on('close', () => socket.destroy());
        socket.pipe(inner).pipe(socket);
      });
    });
  }

  listen(): Promise<this> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve(this)));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  open(): void {
    this.#opened.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
