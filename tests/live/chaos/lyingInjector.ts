import type { ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiObject } from '../../testbed/api.ts';
import { Authority } from '../../testbed/certificates.ts';
import { pathOf } from '../../testbed/paths.ts';
import type { Testbed } from '../../testbed/testbed.ts';

interface Secret extends ApiObject {
  readonly data: Readonly<Record<string, string>>;
}

interface Review {
  readonly response?: { patch?: string };
}

/**
 * Stands before istiod and passes questions on. When told, it answers as a replica of istiod would that has not read its new configuration:
 * with the old version, after the new one had been answered already. Its certificate is of istiod's own authority.
 */
export class LyingInjector {
  /** Instead of the version `now` it answers with the version `old`. */
  lie: { readonly now: string; readonly old: string } | undefined;
  readonly #server: Server;
  #bed: Testbed | undefined;

  private constructor() {
    const { certificate, key } = new Authority('nobody').issue({ user: 'localhost', hosts: ['localhost'] });
    this.#server = createServer({ cert: certificate, key }, (asked, answer) => {
      const chunks: Buffer[] = [];
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      asked.on('end', () => this.#ask(asked.url ?? '', Buffer.concat(chunks), answer));
    });
  }

  static async up(): Promise<LyingInjector> {
    const injector = new LyingInjector();
    await new Promise<void>((resolve) => injector.#server.listen(0, '127.0.0.1', resolve));
    return injector;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/inject`;
  }

  /** Takes a certificate of istiod's authority, again after that has changed. */
  async certify(bed: Testbed): Promise<void> {
    this.#bed = bed;
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
    const { host = '', port = 0 } = this.#bed?.istio.address('default') ?? {};
    const headers = { 'content-type': 'application/json' };
    const asked = request(
      { host, port, path, method: 'POST', headers, rejectUnauthorized: false, agent: false },
      (real) => {
        const chunks: Buffer[] = [];
        real.on('data', (chunk: Buffer) => chunks.push(chunk));
        real.once('error', () => answer.destroy());
        real.once('end', () =>
          answer.writeHead(real.statusCode ?? 502, headers).end(this.#said(Buffer.concat(chunks))),
        );
      },
    );
    asked.once('error', () => answer.destroy());
    answer.once('close', () => asked.destroy());
    asked.end(body);
  }

  #said(bytes: Buffer): Buffer | string {
    if (!this.lie) return bytes;
    const review = JSON.parse(bytes.toString()) as Review;
    const patch = review.response?.patch;
    if (!review.response || patch === undefined) return bytes;
    const text = Buffer.from(patch, 'base64').toString().replaceAll(`:${this.lie.now}"`, `:${this.lie.old}"`);
    review.response.patch = Buffer.from(text).toString('base64');
    return JSON.stringify(review);
  }
}
