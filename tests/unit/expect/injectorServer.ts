import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { FIRST, type Identity } from './injectorCertificates.ts';

/** What an injector was asked, as it came over the wire. */
export interface Asked {
  readonly url: string;
  readonly serverName: string | false;
  readonly contentType: string | undefined;
  readonly review: { readonly request: { readonly namespace: string; readonly object: object } };
}

export type Behaviour = (response: ServerResponse, asked: Asked) => void;

/** An injector of one's own on a free port of 127.0.0.1, which behaves as a test tells it. Disposing of it ends its connections. */
export class InjectorServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  behaviour: Behaviour;
  connections = 0;
  port = 0;
  /** Most questions that were open at the same time. */
  atATime = 0;
  readonly #server;
  readonly #sockets = new Set<Socket>();
  #open = 0;

  constructor(behaviour: Behaviour, identity: Identity = FIRST) {
    this.behaviour = behaviour;
    this.#server = createServer(identity, (request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    this.#server.on('secureConnection', () => {
      this.connections += 1;
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open += 1;
    this.atATime = Math.max(this.atATime, this.#open);
    response.once('close', () => {
      this.#open -= 1;
    });
    let text = '';
    for await (const piece of request) text += String(piece);
    const serverName = (request.socket as TLSSocket & { servername: string | false }).servername;
    const contentType = request.headers['content-type'];
    const asked = { url: request.url ?? '', serverName, contentType, review: JSON.parse(text) };
    this.asked.push(asked);
    this.behaviour(response, asked);
  }

  listen(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        this.port = (this.#server.address() as AddressInfo).port;
        resolve(this);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const IMAGE = 'docker.io/istio/proxyv2:1.31.0';

const PATCH = [{ op: 'add', path: '/spec/containers/-', value: { name: 'istio-proxy', image: IMAGE } }];

const review = (response: object): string =>
  JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });

/** An answer that adds the proxy; without `uid`, which is not read. */
export const INJECTED = review({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(PATCH)).toString('base64'),
});
export const DECLINED = review({ allowed: true });

export const REFUSED = review({ allowed: false, status: { message: 'no such template' } });

/** Answers with a whole body. */
export const saying =
  (body: string, status = 200): Behaviour =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body);
  };

export const injects: Behaviour = saying(INJECTED);
