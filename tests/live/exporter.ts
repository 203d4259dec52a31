import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Requests of the application in each second. */
const REQUESTS = 100;

/** An application that serves metrics of its own requests. A test says which share of them fails. */
export class Exporter implements AsyncDisposable {
  failing = 0;
  #requests = 0;
  #errors = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(
      `# TYPE app_requests_total counter\napp_requests_total{code="200"} ${this.#requests - this.#errors}\n` +
        `app_requests_total{code="500"} ${this.#errors}\n`,
    );
  });

  private constructor() {
    this.#timer = setInterval(() => {
      this.#requests += REQUESTS / 10;
      this.#errors += (REQUESTS / 10) * this.failing;
    }, 100);
  }

  static async start(): Promise<Exporter> {
    const exporter = new Exporter();
    await new Promise<void>((resolve) => exporter.#server.listen(0, '127.0.0.1', resolve));
    return exporter;
  }

  /** Where it is scraped: host and port. */
  get target(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
