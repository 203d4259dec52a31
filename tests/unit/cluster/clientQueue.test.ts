import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiRequest } from '../../../src/cluster/api.ts';
import type { ApiError } from '../../../src/cluster/apiError.ts';
import { KubeClient, type KubeClientOptions } from '../../../src/cluster/client.ts';
import { NotLeading } from '../../../src/leader/leadership.ts';
import { ApiServer, configFor, json, status } from './apiServer.ts';
import { settled, until } from './deadline.ts';
import { FakeClock } from './fakeClock.ts';
import { Gate } from './gate.ts';

const NAMESPACES = '/api/v1/namespaces';
const EVENTS = '/api/v1/namespaces/shop/events';
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/meltemi';
const PATCH: ApiRequest = { method: 'PATCH', path: '/apis/apps/v1/namespaces/shop/deployments/web', body: {} };

/** A server that answers when a test lets it, and what has arrived there so far. */
class SlowServer implements AsyncDisposable {
  readonly arrived: string[] = [];
  readonly held: ServerResponse[] = [];
  /** What is answered at once. */
  prompt: (request: IncomingMessage) => boolean = () => false;
  answer: (response: ServerResponse) => void = (response) => json(response, 200, {});
  readonly #server: ApiServer;

  constructor(options: { tls?: boolean } = {}) {
    this.#server = new ApiServer((request, response) => {
      this.arrived.push(`${request.method} ${request.url}`);
      request.resume();
      if (this.prompt(request)) json(response, 200, {});
      else this.held.push(response);
    }, options);
  }

  async listen(): Promise<this> {
    await this.#server.listen();
    return this;
  }

  get url(): string {
    return this.#server.url;
  }

  count(method: string): number {
    return this.arrived.filter((one) => one.startsWith(`${method} `)).length;
  }

  /** Answers all that it holds, and from now on everything at once. */
  open(): void {
    this.prompt = () => true;
    for (const response of this.held.splice(0)) this.answer(response);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

type Test = (client: KubeClient, server: SlowServer) => Promise<void>;

async function slow(test: Test, options: Partial<KubeClientOptions> = {}): Promise<void> {
  await using server = await new SlowServer().listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test', ...options });
  try {
    await test(client, server);
  } finally {
    await client.close();
  }
}

const quiet = (call: Promise<unknown>): void => void call.catch(() => undefined);
const failureOf = (call: Promise<unknown>): Promise<ApiError> =>
  call.then(
    () => assert.fail('the call succeeded'),
    (error: ApiError) => error,
  );

/** A fence as the leader's, that a test closes. */
class Fence {
  open = true;
  asked = 0;
  readonly check = (): void => {
    this.asked += 1;
    if (!this.open) throw new NotLeading('not sent');
  };
}

describe('client: the fence', () => {
  const crowds: [string, ApiRequest, number][] = [
    ['lists', { method: 'GET', path: NAMESPACES, query: { limit: 500 } }, 8],
    ['reads', { method: 'GET', path: NAMESPACES }, 8],
    ['Events', { method: 'POST', path: EVENTS, body: {} }, 8],
    ['other writes', { method: 'PATCH', path: `${NAMESPACES}/other`, body: {}, priority: 'write' }, 2],
  ];
  for (const [crowd, request, length] of crowds)
    it(`is asked after the wait behind ${crowd}: none of 5 patches is sent once it has closed`, () =>
      slow(
        async (client, server) => {
          const fence = new Fence();
          quiet(client.request(request));
          await until('the first to arrive', () => server.held.length === 1);
          for (let number = 1; number < length; number++) quiet(client.request(request));
          const before = server.count('PATCH');
          const patches = Array.from({ length: 5 }, () => client.request({ ...PATCH, beforeSend: fence.check }));
          const ends = Promise.allSettled(patches);
          await until('the crowd to wait', () => server.held.length === 1);
          fence.open = false;
          server.open();
          await settled('the patches', ends);
          for (const patch of patches) await assert.rejects(patch, NotLeading);
          const others = crowd === 'other writes' ? length - before : 0;
          assert.equal(server.count('PATCH') - before, others);
        },
        { connections: 1 },
      ));

  it('is asked when the connection is there, not when it is begun', async () => {
    await using server = await new SlowServer({ tls: true }).listen();
    server.open();
    await using gate = await new Gate(Number(new URL(server.url).port)).listen();
    const client = new KubeClient({ config: configFor(`https://127.0.0.1:${gate.port}`), userAgent: 'meltemi/test' });
    const fence = new Fence();
    const patch = client.request({ ...PATCH, beforeSend: fence.check });
    quiet(patch);
    await until('a connection', () => gate.knocked === 1);
    assert.equal(fence.asked, 0);
    fence.open = false;
    gate.open();
    await assert.rejects(patch, NotLeading);
    assert.deepEqual([fence.asked, server.arrived], [1, []]);
    await client.close();
  });

  it('is asked again before the repetition of a throttled patch', async () => {
    const clock = new FakeClock();
    await slow(
      async (client, server) => {
        const fence = new Fence();
        const patch = client.request({ ...PATCH, beforeSend: fence.check });
        quiet(patch);
        await until('the patch', () => server.held.length === 1);
        server.answer = (response) => json(response, 429, status(429, 'TooManyRequests', ''), { 'retry-after': '1' });
        server.open();
        await until('the wait', () => clock.sleeping.length === 1);
        fence.open = false;
        clock.advance(1000);
        await assert.rejects(patch, NotLeading);
        assert.deepEqual([fence.asked, server.count('PATCH')], [2, 1]);
      },
      { clock },
    );
  });

  it('is not asked for a patch that was stopped while it waited', () =>
    slow(
      async (client, server) => {
        const fence = new Fence();
        quiet(client.request({ method: 'GET', path: NAMESPACES }));
        await until('the first', () => server.held.length === 1);
        const stop = new AbortController();
        const patch = failureOf(client.request({ ...PATCH, beforeSend: fence.check, signal: stop.signal }));
        stop.abort();
        assert.equal((await patch).reason, 'Aborted');
        server.open();
        await client.request({ method: 'GET', path: NAMESPACES });
        assert.deepEqual([fence.asked, server.count('PATCH')], [0, 0]);
      },
      { connections: 1 },
    ));
});

describe('client: the order of requests', () => {
  it('answers the Lease while thousands of Events and lists wait', () =>
    slow(async (client, server) => {
      server.prompt = ({ url = '' }) => url.startsWith(LEASE);
      for (let number = 0; number < 3000; number++) quiet(client.request({ method: 'POST', path: EVENTS, body: {} }));
      for (let number = 0; number < 50; number++)
        quiet(client.request({ method: 'GET', path: '/api/v1/pods', query: { limit: 500 } }));
      await until('the connections to be busy', () => server.held.length === 6);
      for (let renewal = 0; renewal < 20; renewal++)
        await client.request({ method: 'PUT', path: LEASE, body: {}, timeoutMs: 1000 });
      assert.equal(server.count('PUT'), 20);
      assert.equal(server.held.length, 6);
    }));

  it('answers the Lease while as many writes as there are connections wait for their answers', () =>
    slow(async (client, server) => {
      server.prompt = ({ url = '' }) => url.startsWith(LEASE);
      for (let number = 0; number < 20; number++) quiet(client.request(PATCH));
      await until('the connections to be busy', () => server.held.length === 8);
      await client.request({ method: 'PUT', path: LEASE, body: {}, timeoutMs: 1000 });
    }));

  it('sends a patch at once while Events and lists wait', () =>
    slow(async (client, server) => {
      server.prompt = ({ method }) => method === 'PATCH';
      for (let number = 0; number < 50; number++) {
        quiet(client.request({ method: 'POST', path: EVENTS, body: {} }));
        quiet(client.request({ method: 'GET', path: '/api/v1/pods', query: { limit: 500 } }));
      }
      await until('the connections to be busy', () => server.held.length === 6);
      await client.request({ ...PATCH, timeoutMs: 1000 });
    }));

  it('renews the Lease on a new connection when the one before does not answer', () =>
    slow(async (client, server) => {
      const dead = failureOf(client.request({ method: 'PUT', path: LEASE, body: {}, timeoutMs: 200, retries: 0 }));
      await until('the first', () => server.held.length === 1);
      server.prompt = () => true;
      await client.request({ method: 'PUT', path: LEASE, body: {}, timeoutMs: 1000 });
      assert.equal((await dead).reason, 'Timeout');
    }));

  it('believes a call that names its own priority', () =>
    slow(
      async (client, server) => {
        quiet(client.request({ method: 'GET', path: NAMESPACES }));
        await until('the first', () => server.held.length === 1);
        const order: string[] = [];
        const calls = (['event', 'scan', 'follow', 'write'] as const).map((priority) =>
          client
            .request({ method: 'GET', path: `${NAMESPACES}/${priority}`, priority })
            .then(() => order.push(priority)),
        );
        server.open();
        await Promise.all(calls);
        assert.deepEqual(order, ['write', 'follow', 'scan', 'event']);
      },
      { connections: 1 },
    ));
});

/** A kubeconfig whose credential plugin does not answer. */
function stuckPlugin(server: string): ReturnType<typeof configFor> {
  const config = configFor(server);
  const args = ['-e', 'setInterval(() => {}, 1000); setTimeout(() => process.exit(1), 3000)'];
  config.users = [{ name: 'u', exec: { command: process.execPath, args } }];
  return config;
}

describe('client: a call ends wherever it is', () => {
  /** A call with a limit, brought to a certain place. */
  type Place = (make: () => Promise<unknown>, client: KubeClient, server: SlowServer) => Promise<unknown>;
  const places: [string, Partial<KubeClientOptions> & { plugin?: boolean }, Place][] = [
    [
      'waiting for a connection',
      { connections: 1 },
      async (make, client, server) => {
        quiet(client.request({ method: 'GET', path: NAMESPACES }));
        await until('the first', () => server.held.length === 1);
        return make();
      },
    ],
    ['waiting for a credential plugin', { plugin: true }, (make) => make()],
    [
      'waiting to try again',
      { clock: new FakeClock() },
      async (make, _, server) => {
        const call = make();
        await until('it', () => server.held.length === 1);
        server.answer = (response) => json(response, 429, status(429, 'TooManyRequests', ''), { 'retry-after': '0' });
        for (const response of server.held.splice(0)) server.answer(response);
        return call;
      },
    ],
    ['waiting for an answer', {}, (make) => make()],
    [
      'reading an answer',
      {},
      async (make, _, server) => {
        const call = make();
        await until('it', () => server.held.length === 1);
        server.held[0]?.writeHead(200).write('{');
        return call;
      },
    ],
  ];

  const ends: [string, string, () => Pick<ApiRequest, 'timeoutMs' | 'signal'>][] = [
    ['its time limit', 'Timeout', () => ({ timeoutMs: 100 })],
    ['its caller', 'Aborted', () => ({ signal: AbortSignal.timeout(100) })],
  ];
  for (const [where, { plugin = false, ...options }, bring] of places)
    for (const [how, reason, limit] of ends)
      it(`${where}, by ${how}`, async () => {
        await using server = await new SlowServer().listen();
        const config = plugin ? stuckPlugin(server.url) : configFor(server.url);
        const client = new KubeClient({ config, userAgent: 'meltemi/test', ...options });
        const began = performance.now();
        const make = () => client.request({ method: 'GET', path: `${NAMESPACES}/x`, ...limit() });
        assert.equal((await failureOf(bring(make, client, server))).reason, reason);
        assert.ok(performance.now() - began < 1000);
        await client.close();
      });

  it('opening a connection', async () => {
    await using server = await new SlowServer({ tls: true }).listen();
    await using gate = await new Gate(Number(new URL(server.url).port)).listen();
    const client = new KubeClient({ config: configFor(`https://127.0.0.1:${gate.port}`), userAgent: 'meltemi/test' });
    const began = performance.now();
    const error = await failureOf(client.request({ method: 'GET', path: NAMESPACES, timeoutMs: 100 }));
    assert.equal(error.reason, 'Timeout');
    assert.ok(performance.now() - began < 1000);
    gate.open();
    server.open();
    await client.request({ ...PATCH, timeoutMs: 1000 });
    assert.equal(server.count('GET'), 0);
    await client.close();
  });
});

describe('client: long answers', () => {
  const body = (bytes: number): string => JSON.stringify({ text: 'x'.repeat(bytes - 11) });
  const serving = (send: (response: ServerResponse) => void, test: Test): Promise<void> =>
    slow(async (client, server) => {
      server.answer = send;
      const call = test(client, server);
      await until('the question', () => server.held.length === 1);
      for (const response of server.held.splice(0)) send(response);
      await call;
    });

  const ways: [string, (response: ServerResponse, bytes: number) => void][] = [
    [
      'that says its length',
      (response, bytes) => void response.writeHead(200, { 'content-length': bytes }).end(body(bytes)),
    ],
    [
      'that comes in pieces',
      (response, bytes) => {
        response.writeHead(200);
        for (const letter of body(bytes)) response.write(letter);
        response.end();
      },
    ],
  ];
  for (const [how, send] of ways) {
    it(`reads an answer of just so many bytes, ${how}`, () =>
      serving(
        (response) => send(response, 1000),
        async (client) => void (await client.request({ method: 'GET', path: NAMESPACES, maxBytes: 1000 })),
      ));
    it(`cuts off an answer of one byte more, ${how}, and goes on with the next call`, () =>
      serving(
        (response) => send(response, 1001),
        async (client, server) => {
          const error = await failureOf(client.request({ method: 'GET', path: NAMESPACES, maxBytes: 1000 }));
          assert.equal(error.reason, 'TooLarge');
          assert.match(error.message, /more than 1000 bytes/);
          server.open();
          await client.request({ method: 'GET', path: NAMESPACES, timeoutMs: 1000 });
        },
      ));
  }

  it('does not read an answer without an end to it', () =>
    serving(
      (response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(Buffer.alloc(2 ** 20, 'x')), 1);
        response.on('close', () => clearInterval(timer));
      },
      async (client) =>
        assert.equal((await failureOf(client.request({ method: 'GET', path: NAMESPACES }))).reason, 'TooLarge'),
    ));

  it('tells the status of a refusal whose text has no end', () =>
    serving(
      (response) => {
        response.writeHead(403);
        const timer = setInterval(() => response.write(Buffer.alloc(2 ** 20, 'x')), 1);
        response.on('close', () => clearInterval(timer));
      },
      async (client) =>
        assert.equal((await failureOf(client.request({ method: 'GET', path: NAMESPACES }))).status, 403),
    ));

  it('reads an object as large as the API server lets one be', () =>
    serving(
      (response) => void response.writeHead(200).end(body(3 * 2 ** 20)),
      async (client) => void (await client.request({ method: 'GET', path: NAMESPACES })),
    ));
});
