import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Cluster } from './cluster.ts';

/**
 * A way to the API server that takes longer, as one to another region does. It passes bytes on and knows nothing of TLS or HTTP: on a
 * connection of HTTP/1.1 each answer comes that much later.
 */
export class SlowApi {
  readonly #cluster: Cluster;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delay: number;

  private constructor(cluster: Cluster, delay: number) {
    this.#cluster = cluster;
    this.#delay = delay;
    const target = Number(new URL(cluster.server).port);
    this.#server = createServer((client) => this.#join(client, connect(target, '127.0.0.1')));
  }

  /** @param delay milliseconds by which every answer is later */
  static async up(cluster: Cluster, delay: number): Promise<SlowApi> {
    const slow = new SlowApi(cluster, delay);
    slow.#server.unref();
    await new Promise<void>((resolve) => slow.#server.listen(0, '127.0.0.1', resolve));
    return slow;
  }

  /** Changes the delay of what comes from now on. */
  set delay(milliseconds: number) {
    this.#delay = milliseconds;
  }

  /** Makes the user of a kubeconfig go this way, and returns the path of a new kubeconfig that says so. */
  kubeconfig(path: string): string {
    const { port } = this.#server.address() as AddressInfo;
    const slow = path.replace(/\.kubeconfig$/, '-slow.kubeconfig');
    const text = readFileSync(path, 'utf8').replaceAll(this.#cluster.server, `https://127.0.0.1:${port}`);
    writeFileSync(slow, text, { mode: 0o600 });
    return slow;
  }

  #join(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // what breaks one half ends both
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('close', () => server.destroy());
    server.on('close', () => setTimeout(() => client.destroy(), this.#delay));
    client.pipe(server);
    // bytes never overtake each other, also where the delay has just become shorter: whichever timer rings takes the first
    const waiting: Buffer[] = [];
    let until = 0;
    server.on('data', (bytes: Buffer) => {
      waiting.push(bytes);
      until = Math.max(until, performance.now() + this.#delay);
      setTimeout(() => this.#pass(waiting.shift(), client), until - performance.now());
    });
  }

  #pass(bytes: Buffer | undefined, client: Socket): void {
    if (bytes && !client.destroyed) client.write(bytes);
  }

  async down(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
