import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { pageServer } from '../../../src/cli/pageServer.ts';
import { defaults } from '../../../src/cli/settings.ts';
import { KubeClient } from '../../../src/cluster/client.ts';
import type { Logger } from '../../../src/report/logger.ts';
import { isLoopback, portOf, type Server } from '../../../src/report/server.ts';
import { ApiServer, bodyOf, configFor, json } from '../cluster/apiServer.ts';

/** A page listener beside an API server where `reader.token` may get /status, and `other.token` may not. */
class Scene implements AsyncDisposable {
  readonly asked: unknown[] = [];
  readonly #stop = new AbortController();
  readonly #api = new ApiServer(
    async (request, response) => {
      const { spec } = (await bodyOf(request)) as { spec: { token?: string; user?: string } };
      if (spec.token) json(response, 201, { status: { authenticated: true, user: { username: spec.token } } });
      else {
        this.asked.push(spec);
        json(response, 201, { status: { allowed: spec.user === 'reader.token' } });
      }
    },
    { tls: true },
  );
  #client: KubeClient | undefined;
  #server: Server | undefined;

  async start(host: string): Promise<number> {
    await this.#api.listen();
    this.#client = new KubeClient({ config: configFor(this.#api.url), userAgent: 'meltemi/test' });
    const quiet = (): void => undefined;
    const logger: Logger = { error: quiet, warn: quiet, info: quiet, debug: quiet };
    const parts = { client: this.#client, logger, signal: this.#stop.signal };
    // metrics that are not secured make no page that is not
    const settings = { ...defaults(), metricsSecure: false };
    this.#server = await pageServer({ host, port: 0 }, (_, response) => void response.end('page'), settings, parts);
    return portOf(this.#server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.#client?.close();
    await this.#api[Symbol.asyncDispose]();
  }
}

async function answerTo(sent: ReturnType<typeof plainRequest>): Promise<{ status: number | undefined; text: string }> {
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response) text += String(piece);
  return { status: response.statusCode, text };
}

/** The loopback interface under a name that is none of it, so that nothing outside is reached. */
const NO_LOOPBACK = '::ffff:127.0.0.1';

const ROWS: [name: string, path: string, token: string | undefined, status: number, text: RegExp][] = [
  ['a reader with the right', '/', 'reader.token', 200, /^page$/],
  ['without a token', '/', undefined, 401, /send "Authorization: Bearer <token>"/],
  [
    'without the right',
    '/',
    'other.token',
    403,
    /grant a ClusterRole with nonResourceURLs: \["\/status"\], verbs: \["get"\]/,
  ],
  ['the stream without a token', '/events', undefined, 401, /send/],
  ['the rows without a token', '/snapshot.json?x=1', undefined, 401, /send/],
  ['an explanation without a token', '/explain', undefined, 401, /send/],
  ['what there is not, without a token', '/other', undefined, 401, /send/],
];
for (const [name, path, token, status, text] of ROWS)
  test(`over a network, ${name}: ${status}`, async () => {
    await using scene = new Scene();
    const port = await scene.start(NO_LOOPBACK);
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options = { port, path, headers, host: '127.0.0.1', rejectUnauthorized: false, agent: false };
    const answer = await answerTo(tlsRequest(options));
    assert.equal(answer.status, status);
    assert.match(answer.text, text);
    if (token)
      assert.deepEqual(
        (scene.asked as { nonResourceAttributes: unknown }[]).map((spec) => spec.nonResourceAttributes),
        [{ path: '/status', verb: 'get' }],
      );
  });

test('over a network, plain HTTP is refused, also where metrics are not secured', async () => {
  await using scene = new Scene();
  const port = await scene.start(NO_LOOPBACK);
  await assert.rejects(answerTo(plainRequest({ port, host: '127.0.0.1', agent: false })), /hang up|ECONNRESET/);
});

for (const host of ['127.0.0.1', 'localhost'])
  test(`on ${host} the page is plain, and nobody is asked`, async () => {
    await using scene = new Scene();
    const port = await scene.start(host);
    assert.equal((await answerTo(plainRequest({ port, host: '127.0.0.1', agent: false }))).text, 'page');
    assert.deepEqual(scene.asked, []);
  });

const HOSTS: [host: string, is: boolean][] = [
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['localhost', true],
  ['', false],
  ['0.0.0.0', false],
  ['::', false],
  ['128.0.0.1', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  [NO_LOOPBACK, false],
];
for (const [host, is] of HOSTS)
  test(`${host || '(all addresses)'} is ${is ? '' : 'not '}loopback`, () =>
    assert.equal(isLoopback({ host, port: 1 }), is));
