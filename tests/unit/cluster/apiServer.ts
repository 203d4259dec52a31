import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { CERTIFICATE, PRIVATE_KEY } from './localhostCertificate.ts';

export interface ApiServerOptions {
  readonly tls?: boolean;
  /** Takes over connections that ask for another protocol. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex) => void;
}

/** A server of one's own on a free port; counts connections and requests. Disposing of it ends them all. */
export class ApiServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #scheme: string;
  readonly #sockets = new Set<Socket>();
  connections = 0;
  /** The methods of the requests that have arrived. */
  readonly methods: (string | undefined)[] = [];

  constructor(listener: RequestListener, { tls = false, upgrade }: ApiServerOptions = {}) {
    this.#server = tls ? createTls({ cert: CERTIFICATE, key: PRIVATE_KEY }, listener) : createPlain(listener);
    this.#scheme = tls ? 'https' : 'http';
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
    });
    this.#server.on('request', ({ method }: IncomingMessage) => this.methods.push(method));
    if (upgrade) this.#server.on('upgrade', upgrade);
  }

  listen(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve(this));
    });
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface ConfigEntries {
  readonly ca?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly path?: string;
}

/** The kubeconfig of a test server. */
export function configFor(
  server: string,
  { ca = CERTIFICATE, token = 'secret-token', tokenFile, path = '' }: ConfigEntries = {},
): KubeConfig {
  const config = new KubeConfig();
  const caData = Buffer.from(ca).toString('base64');
  const skipTLSVerify = server.startsWith('http:');
  const user = tokenFile
    ? { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } }
    : { name: 'u', token };
  config.loadFromClusterAndUser({ name: 'c', server: `${server}${path}`, caData, skipTLSVerify }, user);
  return config;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export const status = (code: number, reason: string, message: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  code,
  reason,
  message,
});

/** Reads what was sent as JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return JSON.parse(text);
}
