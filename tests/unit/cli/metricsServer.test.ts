import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { type MetricsSettings, metricsServer } from '../../../src/cli/metricsServer.ts';
import { KubeClient } from '../../../src/cluster/client.ts';
import type { Logger } from '../../../src/report/logger.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { selfSigned } from '../../../src/report/selfSigned.ts';
import { portOf, type Server } from '../../../src/report/server.ts';
import { ApiServer, bodyOf, configFor, json, status } from '../cluster/apiServer.ts';
import { until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ONE = selfSigned(['localhost'], Date.now());
const TWO = selfSigned(['localhost'], Date.now());

function mounted({ cert, key }: typeof ONE): void {
  writeFileSync(join(folder, 'server.crt'), cert);
  writeFileSync(join(folder, 'server.key'), key);
}

const SECURE: MetricsSettings = {
  metricsSecure: true,
  metricsCertPath: '',
  metricsCertName: 'tls.crt',
  metricsCertKey: 'tls.key',
};
const FROM_FILES = { ...SECURE, metricsCertPath: folder, metricsCertName: 'server.crt', metricsCertKey: 'server.key' };

const PROMETHEUS = 'system:serviceaccount:monitoring:prometheus';
const USERS: Readonly<Record<string, string>> = {
  'good.token': PROMETHEUS,
  'powerless.token': 'system:serviceaccount:shop:web',
};

/** What an API server with two known users answers, of whom one may read metrics. */
async function reviews(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { spec } = (await bodyOf(request)) as { spec: { token?: string; user?: string } };
  const user = USERS[spec.token ?? ''];
  if (request.url === '/apis/authentication.k8s.io/v1/tokenreviews')
    json(response, 201, { status: user ? { authenticated: true, user: { username: user } } : { error: 'invalid' } });
  else json(response, 201, { status: { allowed: spec.user === PROMETHEUS } });
}

/** A metrics listener beside an API server that answers as told. */
class Scene implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly said: string[] = [];
  readonly questions: string[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => unknown = reviews;
  readonly api = new ApiServer(
    (request, response) => {
      this.questions.push(request.url ?? '');
      this.answer(request, response);
    },
    { tls: true },
  );
  #server: Server | undefined;
  #client: KubeClient | undefined;
  readonly #stop = new AbortController();

  async start(settings: MetricsSettings): Promise<this> {
    await this.api.listen();
    this.#client = new KubeClient({ config: configFor(this.api.url), userAgent: 'meltemi/test' });
    const say = (msg: string, fields: object = {}): void => void this.said.push(`${msg} ${JSON.stringify(fields)}`);
    const logger: Logger = { error: say, warn: say, info: say, debug: say };
    const parts = {
      client: this.#client,
      metrics: new Metrics('1.2.3'),
      logger,
      signal: this.#stop.signal,
      clock: this.clock,
    };
    this.#server = await metricsServer({ host: '127.0.0.1', port: 0 }, settings, parts);
    return this;
  }

  get port(): number {
    assert.ok(this.#server);
    return portOf(this.#server);
  }

  scrape(token?: string, options: RequestOptions = {}): Promise<Answer> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return ask(
      tlsRequest({ port: this.port, path: '/metrics', headers, rejectUnauthorized: false, agent: false, ...options }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.#client?.close();
    await this.api[Symbol.asyncDispose]();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly certificate: PeerCertificate | undefined;
}

function ask(request: ReturnType<typeof plainRequest>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', async (response) => {
      const certificate =
        'getPeerCertificate' in response.socket ? (response.socket as TLSSocket).getPeerCertificate() : undefined;
      let text = '';
      for await (const piece of response) text += String(piece);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, certificate });
    });
    request.end();
  });
}

const rows: [string, string | undefined, RequestOptions, number, RegExp, number][] = [
  [
    'a token whose user may get them is given the metrics',
    'good.token',
    {},
    200,
    /^meltemi_build_info\{version="1\.2\.3"/m,
    2,
  ],
  ['a query string changes nothing', 'good.token', { path: '/metrics?name[]=up' }, 200, /^meltemi_build_info/m, 2],
  [
    'a scheme in small letters is one',
    undefined,
    { headers: { authorization: 'bearer good.token' } },
    200,
    /^meltemi_/m,
    2,
  ],
  ['without a token: 401, and what to send', undefined, {}, 401, /send "Authorization: Bearer <token>"/, 0],
  ['an empty token is none', '', {}, 401, /send "Authorization: Bearer <token>"/, 0],
  ['a password is no token', undefined, { auth: 'admin:good.token' }, 401, /send "Authorization/, 0],
  ['a token in the query is none', undefined, { path: '/metrics?token=good.token' }, 401, /send "Authorization/, 0],
  ['two words are no token', 'good.token good.token', {}, 401, /send "Authorization/, 0],
  ['a token that nobody knows: 401', 'made.up.token', {}, 401, /does not accept this token/, 1],
  [
    'a user without the right: 403, and the right',
    'powerless.token',
    {},
    403,
    /user "system:serviceaccount:shop:web" is not allowed to get \/metrics; grant a ClusterRole with nonResourceURLs: \["\/metrics"\]/,
    2,
  ],
  ['another path is none, and costs no question', 'good.token', { path: '/debug' }, 404, /metrics are at \/metrics/, 0],
  ['metrics cannot be written', 'good.token', { method: 'POST' }, 405, /use GET/, 2],
];

for (const [name, token, options, code, text, questions] of rows) {
  test(name, async () => {
    await using scene = await new Scene().start(SECURE);
    const answer = await scene.scrape(token, options);
    assert.match(answer.text, text);
    assert.equal(answer.status, code);
    assert.equal(scene.questions.length, questions);
    assert.equal(answer.headers['www-authenticate'], code === 401 ? 'Bearer realm="meltemi"' : undefined);
    assert.ok(code === 200 || !answer.text.includes('meltemi_'), 'no metric in a refusal');
  });
}

test('while the API server is away: 503; a token it allowed a moment ago still counts, for a minute', async () => {
  await using scene = await new Scene().start(SECURE);
  assert.equal((await scene.scrape('good.token')).status, 200);
  await scene.api[Symbol.asyncDispose]();
  const stranger = await scene.scrape('made.up.token');
  assert.equal(stranger.status, 503);
  assert.equal(stranger.headers['retry-after'], '5');
  assert.equal((await scene.scrape('good.token')).status, 200);
  scene.clock.advance(60_000);
  assert.equal((await scene.scrape('good.token')).status, 503);
});

const failures: [string, (response: ServerResponse) => void, RegExp][] = [
  [
    'an operator without the right to ask answers 503 and logs the right',
    (response) => json(response, 403, status(403, 'Forbidden', 'no')),
    /missing right: create tokenreviews\.authentication\.k8s\.io/,
  ],
  [
    'an API server that breaks down: 503',
    (response) => json(response, 500, status(500, 'InternalError', 'etcd')),
    /etcd/,
  ],
  [
    'an API server that quotes the token: 503, and the log has no token',
    (response) => json(response, 500, status(500, 'X', 'bad: made.up.token')),
    /bad: \(token\)/,
  ],
  [
    'an answer that is no review: 503',
    (response) => json(response, 200, { kind: 'Pod', status: 'Running' }),
    /not a TokenReview/,
  ],
];

for (const [name, answer, log] of failures) {
  test(name, async () => {
    await using scene = await new Scene().start(SECURE);
    scene.answer = (_, response) => answer(response);
    for (const token of ['made.up.token', 'made.up.token']) {
      const { status: code, text } = await scene.scrape(token);
      assert.equal(code, 503);
      assert.equal(text, 'the token cannot be checked at the moment\n');
    }
    const troubles = scene.said.filter((line) => line.startsWith('Cannot check'));
    assert.equal(troubles.length, 1, 'said once');
    assert.match(troubles[0] ?? '', log);
    assert.ok(!scene.said.join().includes('made.up.token'));
    scene.answer = reviews;
    await scene.scrape('good.token');
    scene.answer = (_, response) => answer(response);
    await scene.scrape('made.up.token');
    assert.equal(
      scene.said.filter((line) => line.startsWith('Cannot check')).length,
      2,
      'and again when it comes back',
    );
  });
}

test('neither a good token nor a refused one is ever logged', async () => {
  await using scene = await new Scene().start(SECURE);
  for (const token of ['good.token', 'powerless.token', 'made.up.token']) await scene.scrape(token);
  assert.doesNotMatch(scene.said.join(), /\.token/);
});

const versions = [
  ['TLSv1.1', false],
  ['TLSv1.2', true],
  ['TLSv1.3', true],
] as const;
for (const [version, served] of versions) {
  test(`${version} is ${served ? 'served' : 'refused'}`, async () => {
    await using scene = await new Scene().start(SECURE);
    // below security level 1 a client of today would not even offer 1.1
    const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const scrape = scene.scrape('good.token', options);
    if (served) assert.equal((await scrape).status, 200);
    else await assert.rejects(scrape, /protocol version/i);
  });
}

test('plain HTTP does not get through to the secured port', async () => {
  await using scene = await new Scene().start(SECURE);
  await assert.rejects(ask(plainRequest({ port: scene.port, path: '/metrics', agent: false })), /hang up|ECONNRESET/);
});

test('metrics that are not secured are served to everyone over plain HTTP, without a question', async () => {
  await using scene = await new Scene().start({ ...FROM_FILES, metricsSecure: false });
  const { status: code, text } = await ask(plainRequest({ port: scene.port, path: '/metrics', agent: false }));
  assert.equal(code, 200);
  assert.match(text, /^meltemi_build_info/m);
  assert.equal(scene.questions.length, 0);
});

test('a certificate made at start is for localhost, and the log says that it was made', async () => {
  await using scene = await new Scene().start(SECURE);
  const { certificate } = await scene.scrape();
  assert.match(certificate?.subjectaltname ?? '', /DNS:localhost.*IP Address:127\.0\.0\.1/);
  assert.match(scene.said.join(), /Created a self-signed certificate/);
});

const servedBy = (answer: Answer): string | undefined => answer.certificate?.serialNumber;

test('a certificate that changes on disk is served to new connections without a restart; a broken one is not', async () => {
  mounted(ONE);
  await using scene = await new Scene().start(FROM_FILES);
  const trusting = (pair: typeof ONE): RequestOptions => ({
    ca: pair.cert,
    servername: 'localhost',
    rejectUnauthorized: true,
  });
  assert.equal((await scene.scrape('good.token', trusting(ONE))).status, 200);
  const first = servedBy(await scene.scrape());
  const look = async (what: string): Promise<void> => {
    await until('the listener to wait for its next look', () => scene.clock.sleeping.length === 1);
    const before = scene.said.length;
    scene.clock.advance(10_000);
    await until(what, () => scene.said.length > before);
  };
  mounted({ ...TWO, key: ONE.key });
  await look('the rejection');
  assert.match(
    scene.said.at(-1) ?? '',
    /Cannot use the new metrics certificate, keeping the last one .*does not match the certificate/,
  );
  assert.equal(servedBy(await scene.scrape()), first);
  mounted(TWO);
  await look('the news');
  assert.match(scene.said.at(-1) ?? '', /Reloaded/);
  assert.equal((await scene.scrape('good.token', trusting(TWO))).status, 200);
  await assert.rejects(scene.scrape('good.token', trusting(ONE)), /self-signed certificate/);
  await assert.rejects(
    scene.scrape('good.token', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    /protocol version/i,
  );
});

test('files that cannot be served are an error before anything listens', async () => {
  mounted({ ...ONE, cert: 'nothing' });
  const scene = new Scene();
  await assert.rejects(
    scene.start(FROM_FILES),
    /server\.crt and .*server\.key are not a certificate and its private key/,
  );
  await scene[Symbol.asyncDispose]();
});
