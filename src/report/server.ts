import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, Server as HttpsServer } from 'node:https';
import { type AddressInfo, isIPv4 } from 'node:net';
import { SayOnce } from '../sayOnce.ts';
import type { KeyPair } from './servingCertificate.ts';

export type Server = HttpServer | HttpsServer;

/** An address to listen on, as Go's net.Listen takes it: `:8081`, `127.0.0.1:8080`; port 0 picks a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Whether only processes of the same machine, or of the same pod, reach the address. */
export const isLoopback = ({ host }: ListenAddress): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** What is served to authorized readers only. */
export interface Guarded {
  /** As messages call it. */
  readonly name: string;
  /** The path that a user must be allowed to `get` (`nonResourceURLs` of a ClusterRole). */
  readonly right: string;
  /** Whether a path is only for those who have the right. */
  readonly guards: (path: string) => boolean;
  readonly handler: RequestListener;
}

/** The path that is asked for, without its query. */
export const pathOf = ({ url = '' }: Pick<IncomingMessage, 'url'>): string => url.split('?')[0] ?? '';

/** A named check. It returns undefined when it passes, or else a description of the problem. */
export type Check = () => string | undefined;

/** How long to wait for a client that connects and sends nothing. */
const HANDSHAKE_LIMIT_MS = 10_000;
/** TLS options. 1.2 is the oldest version that Kubernetes' own components accept. */
const tlsOptions = ({ cert, key }: KeyPair) => ({ cert, key, minVersion: 'TLSv1.2' }) as const;

/**
 * Listens and resolves once the port is bound; with a key pair over TLS.
 * @throws {Error} naming the address when it is in use or not local
 */
export function listen(address: ListenAddress, handler: RequestListener, pair?: KeyPair): Promise<Server> {
  const server = pair
    ? createTlsServer({ ...tlsOptions(pair), handshakeTimeout: HANDSHAKE_LIMIT_MS }, handler)
    : createServer(handler);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const cure =
        error.code === 'EADDRINUSE'
          ? 'choose another port, or stop the process that listens on it'
          : 'choose another address';
      reject(new Error(`cannot listen on ${address.host || '*'}:${address.port} (${error.code}): ${cure}`));
    });
    server.listen(address.port, address.host || undefined, () => resolve(server));
  });
}

/** New connections get the new certificate; those that are open stay as they are. */
export function serveWith(server: Server, pair: KeyPair): void {
  if (server instanceof HttpsServer) server.setSecureContext(tlsOptions(pair));
}

/** The port that a listening server is bound to, also if it chose one itself (0). */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export const METRICS_PATH = '/metrics';

/** Serves `/metrics` in the Prometheus text format. Only reads are allowed. */
export function metricsHandler(metrics: () => Promise<string>): RequestListener {
  return (request, response) => {
    if (pathOf(request) !== METRICS_PATH) {
      response.writeHead(404).end(`metrics are at ${METRICS_PATH}\n`);
      return;
    }
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end('use GET to read metrics\n');
      return;
    }
    metrics().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}

/** Called once when a check begins to fail, with the problem, and once when it passes again. */
export type HealthListener = (check: string, problem: string | undefined) => void;

/**
 * Serves groups of named checks as Kubernetes' own components do (apiserver pkg/server/healthz): `/readyz`, each check alone as
 * `/readyz/watches`, all with their results by `?verbose`, without some by `?exclude=watches`. 200 `ok`, or 503 with a line for each check
 * that fails. Anyone can ask, so the answer names checks and not their problems: errors name addresses, objects and missing rights.
 */
export function healthHandler(
  groups: Readonly<Record<string, Readonly<Record<string, Check>>>>,
  listener: HealthListener = () => undefined,
): RequestListener {
  const failing = new SayOnce<string>();
  const fails = (key: string, check: Check): boolean => {
    const problem = check();
    const isNews = problem === undefined ? failing.over(key) : failing.isNews(key, 'failing');
    if (isNews) listener(key, problem);
    return problem !== undefined;
  };
  return (request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const [, group = '', name] = path.split('/');
    const parameters = new URLSearchParams(query);
    const excluded = parameters.getAll('exclude');
    const known = Object.hasOwn(groups, group) ? Object.entries(groups[group] ?? {}) : [];
    const checks = known.filter(([key]) => name === undefined || key === name);
    if (checks.length === 0) {
      response.writeHead(404).end(`known: ${Object.keys(groups).map(knownAs).join(', ')}\n`);
      return;
    }
    const results = checks
      .filter(([key]) => !excluded.includes(key))
      .map(([key, check]) => ({ key, bad: fails(`${group}/${key}`, check) }));
    const bad = results.filter((result) => result.bad);
    const lines = parameters.has('verbose')
      ? [...results.map(verbosely), `${group} check ${bad.length === 0 ? 'passed' : 'failed'}`]
      : bad.map(({ key }) => `${key} ${FAILED}`);
    response.writeHead(bad.length === 0 ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${lines.join('\n') || 'ok'}\n`);
  };
}

const FAILED = 'failed; see the log';

const knownAs = (group: string): string => `/${group}`;

const verbosely = ({ key, bad }: { key: string; bad: boolean }): string =>
  bad ? `[-]${key} ${FAILED}` : `[+]${key} ok`;
