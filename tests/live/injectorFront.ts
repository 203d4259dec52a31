import type { ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiObject } from '../testbed/api.ts';
import { Authority } from '../testbed/certificates.ts';
import { pathOf } from '../testbed/paths.ts';
import type { Testbed } from '../testbed/testbed.ts';

interface Secret extends ApiObject {
  readonly data: Readonly<Record<string, string>>;
}

interface FrontOptions {
  /** Where the next question goes. */
  readonly to: () => { readonly host: string; readonly port: number };
  /** What is answered instead of what came back. */
  readonly said?: (bytes: Buffer) => Buffer | string;
}

/** Stands before istiod, where a Service would, and passes questions on. Its certificate is of istiod's own authority. */
export class InjectorFront {
  readonly #server: Server;
  readonly #options: FrontOptions;

  private constructor(options: FrontOptions) {
    this.#options = options;
    const { certificate, key } = new Authority('nobody').issue({ user: 'localhost', hosts: ['localhost'] });
    this.#server = createServer({ cert: certificate, key }, (asked, answer) => {
      const chunks: Buffer[] = [];
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      asked.on('end', () => this.#ask(asked.url ?? '', Buffer.concat(chunks), answer));
    });
  }

  static async up(options: FrontOptions): Promise<InjectorFront> {
    const front = new InjectorFront(options);
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/inject`;
  }

  /** Takes a certificate of istiod's authority, again after that has changed. */
  async certify(bed: Testbed): Promise<void> {
    const { data } = await bed.api.get<Secret>(pathOf('Secret', 'istio-system', 'istio-ca-secret'));
    const pem = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString();
    const authority = new Authority('istiod', { certificate: pem('ca-cert.pem'), key: pem('ca-key.pem') });
    const { certificate, key } = authority.issue({ user: 'localhost', hosts: ['localhost'] });
    this.#server.setSecureContext({ cert: certificate, key });
    this.#server.closeAllConnections();
  }

  async down(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #ask(path: string, body: Buffer, answer: ServerResponse): void {
    const { host, port } = this.#options.to();
    const { said = (bytes: Buffer) => bytes } = this.#options;
    const headers = { 'content-type': 'application/json' };
    const asked = request(
      { host, port, path, method: 'POST', headers, rejectUnauthorized: false, agent: false },
      (real) => {
        const chunks: Buffer[] = [];
        real.on('data', (chunk: Buffer) => chunks.push(chunk));
        real.once('error', () => answer.destroy());
        real.once('end', () => answer.writeHead(real.statusCode ?? 502, headers).end(said(Buffer.concat(chunks))));
      },
    );
    asked.once('error', () => answer.destroy());
    answer.once('close', () => asked.destroy());
    asked.end(body);
  }
}
