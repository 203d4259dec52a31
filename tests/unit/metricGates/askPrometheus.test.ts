import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askPrometheus } from '../../../src/metricGates/askPrometheus.ts';
import type { MetricGate } from '../../../src/plan/metricGate.ts';
import { metricGate } from '../../builders/metricGate.ts';
import { CERTIFICATE, OTHER_CERTIFICATE, PRIVATE_KEY } from '../cluster/localhostCertificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-gates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const answerOf = (value: string): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] } });

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Behaviour = (response: ServerResponse, asked: Asked) => void;

/** A Prometheus that behaves as told, and what it was asked. Disposing of it ends its connections. */
class Server implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server;
  readonly #isTls: boolean;

  constructor(behaviour: Behaviour, isTls = false) {
    const serve: RequestListener = async (request, response) => {
      let body = '';
      for await (const piece of request) body += String(piece);
      const asked = { line: `${request.method} ${request.url}`, headers: request.headers, body };
      this.asked.push(asked);
      behaviour(response, asked);
    };
    this.#isTls = isTls;
    this.#server = isTls ? createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, serve) : createServer(serve);
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return this.#isTls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const WELL: Behaviour = (response) => response.end(answerOf('0.004'));

/** Asks with little patience, and says what came of it. */
async function ask(prometheus: string, given: Partial<MetricGate> = {}): Promise<string> {
  const options = { signal: new AbortController().signal, timeLimit: 500 };
  const { isOpen, isAnswered, detail } = await askPrometheus(metricGate({ prometheus, ...given }), options);
  return `${isOpen ? 'open' : isAnswered ? 'closed' : 'unanswered'}: ${detail}`;
}

test('the query is asked in a form, at the address with its path', async () => {
  await using server = await new Server(WELL).listen();
  assert.equal(
    await ask(`${server.address}/prometheus/`, { ask: { query: 'sum(a{b="c"}) / 2', max: 1 } }),
    'open: 0.004, at most 1',
  );
  const [{ line, headers, body } = { line: '', headers: {}, body: '' }] = server.asked;
  assert.equal(line, 'POST /prometheus/api/v1/query');
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(headers.authorization, undefined);
  assert.deepEqual([...new URLSearchParams(body)], [['query', 'sum(a{b="c"}) / 2']]);
});

const BIG = `${answerOf('0.004')}${' '.repeat(10 * 1024 * 1024)}`;
const BAD: readonly [name: string, behaviour: Behaviour, words: RegExp][] = [
  ['HTTP 500', (response) => response.writeHead(500).end('oops'), /HTTP 500: oops$/],
  ['HTTP 500 with a good body', (response) => response.writeHead(500).end(answerOf('0')), /HTTP 500$/],
  [
    'HTTP 400 with its error',
    (response) => response.writeHead(400).end('{"status":"error","error":"parse error"}'),
    /HTTP 400: parse error$/,
  ],
  ['HTTP 204', (response) => response.writeHead(204).end(), /HTTP 204$/],
  ['HTTP 500 with 10 MB', (response) => response.writeHead(500).end(BIG), /HTTP 500$/],
  ['an answer of 10 MB', (response) => response.end(BIG), /^the answer is larger than 1 MiB$/],
  ['no answer', () => undefined, /no complete answer within the time limit/],
  ['half an answer', (response) => response.write('{"status":'), /no complete answer within the time limit/],
  [
    'an answer that drips',
    (response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
    },
    /no complete answer within the time limit/,
  ],
  ['a connection that is cut', (response) => response.destroy(), /Prometheus does not answer: /],
  [
    'an answer that is cut',
    (response) => response.writeHead(200, { 'content-length': 500 }).write('{', () => response.destroy()),
    /Prometheus does not answer: /,
  ],
  [
    'an answer in gzip that nobody asked for',
    (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('\u001f\u008b'),
    /not JSON/,
  ],
];
for (const [name, behaviour, words] of BAD)
  test(`${name} closes the gate`, async () => {
    await using server = await new Server(behaviour).listen();
    const said = await ask(server.address);
    assert.match(said, /^unanswered: /);
    assert.match(said.slice('unanswered: '.length), words);
    assert.ok(said.length < 300, said);
  });

test('nobody there closes the gate', async () => {
  const server = await new Server(WELL).listen();
  const { address } = server;
  await server[Symbol.asyncDispose]();
  assert.match(await ask(address), /^unanswered: Prometheus does not answer: ECONNREFUSED/);
});

test('a redirect is not followed, so that the token goes nowhere else', async () => {
  await using other = await new Server(WELL, true).listen();
  await using server = await new Server(
    (response) => response.writeHead(307, { location: other.address }).end(),
    true,
  ).listen();
  const given = { caFile: file('ca', CERTIFICATE), tokenFile: file('token', 'secret') };
  assert.match(await ask(server.address, given), /^unanswered: Prometheus answers HTTP 307/);
  assert.deepEqual(other.asked, []);
});

test('the token is read each time', async () => {
  await using server = await new Server(WELL, true).listen();
  const caFile = file('ca', CERTIFICATE);
  for (const token of ['one', 'two\n']) await ask(server.address, { caFile, tokenFile: file('token', token) });
  assert.deepEqual(
    server.asked.map(({ headers }) => headers.authorization),
    ['Bearer one', 'Bearer two'],
  );
});

test('the CA is read each time', async () => {
  await using server = await new Server(WELL, true).listen();
  assert.match(
    await ask(server.address, { caFile: file('ca', OTHER_CERTIFICATE) }),
    /^unanswered: Prometheus does not answer: /,
  );
  assert.equal(await ask(server.address, { caFile: file('ca', CERTIFICATE) }), 'open: 0.004, at most 0.01');
  assert.match(await ask(server.address), /^unanswered: Prometheus does not answer: /);
});

const BROKEN = '-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n';
const FILES: readonly [name: string, given: () => Partial<MetricGate>, words: RegExp][] = [
  ['a token file that is missing', () => ({ tokenFile: join(folder, 'none') }), /none does not exist$/],
  ['an empty one', () => ({ tokenFile: file('empty', '\n') }), /empty has no token/],
  ['one of two lines', () => ({ tokenFile: file('lines', 'secret\nx: y') }), /lines has no token/],
  ['a large one', () => ({ tokenFile: file('large', 'x'.repeat(300_000)) }), /large is larger than 256 KiB$/],
  ['a CA file that is a folder', () => ({ caFile: folder }), /is a directory$/],
  ['a CA file that has none', () => ({ caFile: file('noca', 'secret') }), /noca has no certificate$/],
  ['an empty CA file', () => ({ caFile: file('emptyca', '') }), /emptyca has no certificate$/],
  ['a CA file that is broken', () => ({ caFile: file('broken', BROKEN) }), /^Prometheus does not answer: /],
];
for (const [name, given, words] of FILES)
  test(`${name} closes the gate, and its content is not said`, async () => {
    await using server = await new Server(WELL, true).listen();
    const said = await ask(server.address, given());
    assert.match(said.slice('unanswered: '.length), words);
    assert.doesNotMatch(said, /secret/);
    assert.deepEqual(server.asked, []);
  });

test('the end of Meltemi ends the question', async () => {
  await using server = await new Server(() => undefined).listen();
  const stop = new AbortController();
  const answer = askPrometheus(metricGate({ prometheus: server.address }), { signal: stop.signal });
  stop.abort();
  assert.equal((await answer).isOpen, false);
});
