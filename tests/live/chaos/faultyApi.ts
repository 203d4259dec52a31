import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { parse } from 'yaml';
import type { Cluster } from '../../testbed/cluster.ts';

const WATCH = /[?&]watch=(?:1|true)\b/;
/** Idle connections are the operators' to close. */
const KEEP_ALIVE_MS = 120_000;
const status = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `the testbed says ${reason}`,
  reason,
  code,
});

/** What it must know of the cluster behind it. */
type Behind = Pick<Cluster, 'server' | 'ca' | 'certificate'>;

/**
 * One operator's way to the API server, on which everything can go wrong that goes wrong on a network and at a busy server. It speaks HTTP,
 * and shows the API server the certificate of the operator, whose user the audit log then names.
 */
export class FaultyApi {
  /** Milliseconds by which every request arrives later. */
  delay = 0;
  /** Every second request is answered 429. */
  isBusy = false;
  /** Watches are told that their version is gone, lists that their next page is. */
  isExpired = false;
  /** Every second write is done, and its answer lost with its connection. */
  losesAnswers = false;
  readonly #cluster: Behind;
  readonly #agent: Agent;
  readonly #http: Server;
  readonly #tcp: TcpServer;
  readonly #open = new Set<Socket>();
  readonly #watches = new Set<Socket>();
  readonly #dead = new WeakSet<Socket>();
  #isSilent = false;
  #requests = 0;

  private constructor(cluster: Behind, agent: Agent) {
    this.#cluster = cluster;
    this.#agent = agent;
    const { certificate, key } = cluster.certificate(['127.0.0.1', 'localhost']);
    this.#http = createServer({ cert: certificate, key, keepAliveTimeout: KEEP_ALIVE_MS }, (asked, answer) =>
      this.#serve(asked, answer),
    );
    this.#http.on('secureConnection', (socket) => {
      if (this.#isSilent) this.#dead.add(socket);
      this.#keep(socket);
    });
    // a connection that begins in the silence gets no handshake either
    this.#tcp = createTcp((socket) => {
      socket.on('error', () => undefined);
      if (!this.#isSilent) this.#http.emit('connection', socket);
      else this.#keep(socket);
    });
  }

  /** @param kubeconfig of the operator: with a certificate */
  static async up(cluster: Behind, kubeconfig: string): Promise<[api: FaultyApi, kubeconfig: string]> {
    const text = readFileSync(kubeconfig, 'utf8');
    const { user } = (parse(text) as { users: { user: Record<string, string> }[] }).users[0] ?? { user: {} };
    const pem = (name: string): string => Buffer.from(user[name] ?? '', 'base64').toString();
    const agent = new Agent({
      keepAlive: true,
      ca: cluster.ca,
      cert: pem('client-certificate-data'),
      key: pem('client-key-data'),
    });
    const api = new FaultyApi(cluster, agent);
    await new Promise<void>((resolve) => api.#tcp.listen(0, '127.0.0.1', resolve));
    const { port } = api.#tcp.address() as AddressInfo;
    const own = kubeconfig.replace(/\.kubeconfig$/, '-faulty.kubeconfig');
    writeFileSync(own, text.replaceAll(cluster.server, `https://127.0.0.1:${port}`), { mode: 0o600 });
    return [api, own];
  }

  /** Whether everything that is connected, or tries to, is left without a word. What was connected then stays so for ever. */
  set isSilent(isSilent: boolean) {
    this.#isSilent = isSilent;
    if (isSilent) for (const socket of this.#open) this.#dead.add(socket);
  }

  /** Ends the connections of all watches. */
  cutWatches(): void {
    for (const socket of this.#watches) socket.destroy();
  }

  /** No fault begins from now on; connections that are dead already stay dead. */
  calm(): void {
    this.delay = 0;
    this.isBusy = false;
    this.isExpired = false;
    this.losesAnswers = false;
    this.isSilent = false;
  }

  async down(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#agent.destroy();
    await new Promise((resolve) => this.#tcp.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  #serve(asked: IncomingMessage, answer: ServerResponse): void {
    const number = ++this.#requests;
    const { socket, url = '', method = 'GET' } = asked;
    const isWatch = WATCH.test(url);
    if (isWatch) {
      this.#watches.add(socket);
      answer.once('close', () => this.#watches.delete(socket));
    }
    // of what is sent into the silence, half is lost on the way there and half on the way back
    if (this.#dead.has(socket) && number % 2 === 0) return;
    if (this.isBusy && number % 2 === 0) {
      refuse(answer, 429, 'TooManyRequests');
      return;
    }
    if (this.isExpired && (isWatch || url.includes('continue='))) {
      refuse(answer, 410, 'Expired');
      return;
    }
    const isLost = this.losesAnswers && method !== 'GET' && number % 2 === 0;
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    // what was sent whole arrives, also when its sender no longer waits for the answer
    const arrive = (): void => this.#forward(asked, Buffer.concat(chunks), answer, isLost);
    asked.once('end', () => setTimeout(arrive, this.delay));
  }

  #forward(
    { socket, method, headers, url = '' }: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
    isLost: boolean,
  ): void {
    const { port } = new URL(this.#cluster.server);
    const options = {
      agent: this.#agent,
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      method,
      path: url,
      headers,
    };
    const forwarded = request(options, (real) => {
      if (isLost) {
        real.on('error', () => undefined);
        real.resume().once('end', () => socket.destroy());
        return;
      }
      if (!this.#dead.has(socket)) {
        answer.writeHead(real.statusCode ?? 502, real.headers);
        // a watch without news has nothing else to send
        answer.flushHeaders();
      }
      real.on('data', (bytes: Buffer) => {
        if (!this.#dead.has(socket)) answer.write(bytes);
      });
      real.once('end', () => {
        if (!this.#dead.has(socket)) answer.end();
      });
      real.once('error', () => this.#break(socket));
    });
    forwarded.once('error', () => this.#break(socket));
    if (WATCH.test(url)) answer.once('close', () => forwarded.destroy());
    forwarded.end(body);
  }

  /** What breaks behind ends what is in front, unless that is dead: then nobody hears of it. */
  #break(socket: Socket): void {
    if (!this.#dead.has(socket)) socket.destroy();
  }
}

function refuse(answer: ServerResponse, code: number, reason: string): void {
  answer
    .writeHead(code, { 'content-type': 'application/json', ...(code === 429 && { 'retry-after': '1' }) })
    .end(JSON.stringify(status(code, reason)));
}
