import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTest } from '../../jest/afterTest.ts';
import { FaultyApi } from '../../live/chaos/faultyApi.ts';
import { Authority } from '../../testbed/certificates.ts';
import { writeKubeconfig } from '../../testbed/kubeconfig.ts';
import { until } from '../../testbed/until.ts';
import { readServer } from './kubeconfigServer.ts';

const WATCH = '/api/v1/pods?watch=1';
const authority = new Authority('testbed');

interface Way {
  readonly api: FaultyApi;
  /** What has arrived behind it. */
  readonly arrived: string[];
  /** Paths whose answers have ended. */
  readonly ended: string[];
  /** Asks, and gives up after so many milliseconds. */
  readonly ask: (method: string, path: string, patience?: number) => Promise<string>;
}

/** A way to a server that answers each request with who asked, and watches with headers alone. */
async function way(): Promise<Way> {
  const arrived: string[] = [];
  const ended: string[] = [];
  const serving = authority.issue({ user: 'server', hosts: ['localhost', '127.0.0.1'] });
  const tls = { cert: serving.certificate, key: serving.key, ca: authority.certificate, requestCert: true };
  const server = createServer(tls, (asked, answer) => {
    arrived.push(`${asked.method} ${asked.url}`);
    if (asked.url === WATCH) answer.writeHead(200).flushHeaders();
    else answer.end(userOf(asked));
  });
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-way-'));
  const kubeconfig = join(folder, 'operator.kubeconfig');
  const cluster = {
    server: `https://127.0.0.1:${await listening(server)}`,
    ca: authority.certificate,
    certificate: (hosts: readonly string[]) => authority.issue({ user: hosts[0] ?? '', hosts }),
  };
  writeKubeconfig(kubeconfig, cluster.server, cluster.ca, 'operator', authority.issue({ user: 'operator' }));
  const [api, own] = await FaultyApi.up(cluster, kubeconfig);
  const agent = new Agent({ keepAlive: true, ca: authority.certificate });
  const { port } = new URL(readServer(own));
  afterTest(async () => {
    agent.destroy();
    await api.down();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return {
    api,
    arrived,
    ended,
    ask: (method, path, patience = 5000) => asks({ agent, port, method, path, patience, ended }),
  };
}

const userOf = ({ socket }: IncomingMessage): string =>
  (socket as unknown as { getPeerCertificate(): { subject?: { CN?: string } } }).getPeerCertificate().subject?.CN ?? '';

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

interface Asked {
  readonly agent: Agent;
  readonly port: string;
  readonly method: string;
  readonly path: string;
  readonly patience: number;
  readonly ended: string[];
}

/** The status and the text of the answer, of a watch the status alone; `broken` where the connection ends, `silence` where none comes. */
function asks({ patience, ended, ...options }: Asked): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', ...options }, (answer) => {
      let text = '';
      answer.once('close', () => ended.push(options.path));
      if (options.path === WATCH) resolve(`${answer.statusCode}`);
      answer.on('error', () => resolve('broken'));
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${text}`));
    });
    asked.on('error', () => resolve('broken'));
    asked.setTimeout(patience, () => {
      resolve('silence');
      asked.destroy();
    });
    asked.end();
  });
}

test('without a fault everything passes, as the user of the kubeconfig', async () => {
  const { ask, arrived } = await way();
  assert.equal(await ask('GET', '/a'), '200 operator');
  assert.equal(await ask('PATCH', '/b'), '200 operator');
  assert.deepEqual(arrived, ['GET /a', 'PATCH /b']);
});

test('a watch without news is told that it has begun', async () => {
  const { ask } = await way();
  assert.equal(await ask('GET', WATCH), '200');
});

test('busy: every second request is answered 429 and never arrives', async () => {
  const { api, ask, arrived } = await way();
  api.isBusy = true;
  assert.match([await ask('GET', '/a'), await ask('GET', '/b')].sort().join(), /^200 operator,429 .*TooManyRequests/);
  assert.equal(arrived.length, 1);
});

test('expired: watches get 410, everything else passes', async () => {
  const { api, ask } = await way();
  api.isExpired = true;
  assert.equal(await ask('GET', WATCH), '410');
  assert.equal(await ask('GET', '/a'), '200 operator');
});

test('lost answers: every second write is done, and its connection breaks', async () => {
  const { api, ask, arrived } = await way();
  api.losesAnswers = true;
  assert.deepEqual([await ask('PATCH', '/a'), await ask('PATCH', '/b')].sort(), ['200 operator', 'broken']);
  assert.deepEqual(arrived, ['PATCH /a', 'PATCH /b']);
});

test('silence: half of what is sent arrives, nothing is answered, and only new connections serve afterwards', async () => {
  const { api, ask, arrived } = await way();
  await ask('GET', '/before');
  api.isSilent = true;
  assert.deepEqual([await ask('PATCH', '/a', 300), await ask('GET', '/new', 300)], ['silence', 'silence']);
  assert.ok(arrived.length <= 2, arrived.join());
  api.calm();
  assert.equal(await ask('GET', '/after'), '200 operator');
});

test('a slow way: what was sent whole arrives, also when nobody waits for the answer any more', async () => {
  const { api, ask, arrived } = await way();
  await ask('GET', '/before');
  api.delay = 400;
  assert.equal(await ask('PATCH', '/late', 100), 'silence');
  await until('the write to arrive', 5000, () => arrived.includes('PATCH /late'));
});

test('cut watches end, and other connections do not', async () => {
  const { api, ask, ended } = await way();
  assert.deepEqual(await Promise.all([ask('GET', WATCH), ask('GET', '/a')]), ['200', '200 operator']);
  api.cutWatches();
  await until('the watch to end', 5000, () => ended.includes(WATCH));
  assert.equal(await ask('GET', '/b'), '200 operator');
});
