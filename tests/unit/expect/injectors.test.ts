import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { ServiceFacts } from '../../../src/cluster/cluster.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { ServicePort } from '../../../src/expect/injectorRoutes.ts';
import { Injectors, type InjectorsOptions } from '../../../src/expect/injectors.ts';
import type { AskedInjection } from '../../../src/expect/mesh.ts';
import type { Question } from '../../../src/expect/question.ts';
import type { Address, WebhookEntry } from '../../../src/expect/webhookEntry.ts';
import { entry, expected, HOUR, injection, NOW, workload } from '../../builders/workload.ts';
import { until } from '../cluster/deadline.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../cluster/localhostCertificate.ts';
import { FIRST, type Identity, SECOND } from './injectorCertificates.ts';
import {
  type Behaviour,
  DECLINED,
  IMAGE,
  INJECTED,
  InjectorServer,
  injects,
  REFUSED,
  saying,
} from './injectorServer.ts';

const MINUTE = 60_000;
const SIDECAR = `sidecar ${IMAGE}`;

const word = (answer: Answer): string => {
  if (answer.kind === 'sidecar') return `sidecar ${answer.sidecar.image}`;
  return answer.kind === 'unknown' ? `unknown ${answer.reason.code}` : answer.kind;
};

const detailOf = (answer: Answer): string => (answer.kind === 'unknown' ? answer.reason.detail : '');

/** An injector, the client that asks it, and a clock that only the test moves. */
class Bench implements AsyncDisposable {
  readonly server: InjectorServer;
  readonly injectors: Injectors;
  /** What `onReachable` was told: configuration and problem. */
  readonly told: string[] = [];
  readonly results: string[] = [];
  now = NOW;
  service: ServiceFacts | undefined;

  constructor(server: InjectorServer, options: Partial<InjectorsOptions>) {
    this.server = server;
    this.service = { type: 'ClusterIP', clusterIP: '127.0.0.1', externalName: '', ports: [server.port] };
    this.injectors = new Injectors({
      cluster: { service: async () => this.service, accountUid: async () => undefined },
      now: () => this.now,
      onReachable: (asked, problem) => this.told.push(`${asked.entry.configuration} ${problem ? 'silent' : 'answers'}`),
      onQuestion: (result) => this.results.push(result),
      ...options,
    });
  }

  get requests(): number {
    return this.server.asked.length;
  }

  /** The entry that names the Service of this injector. */
  injection(change: Partial<WebhookEntry> = {}, given: Partial<AskedInjection> = {}): AskedInjection {
    const { port } = this.server;
    const address: Address = { service: { namespace: 'istio-system', name: 'istiod', path: '/inject', port } };
    return injection({ entry: entry({ address, caBundle: FIRST.cert, ...change }), ...given });
  }

  url(path: string): AskedInjection {
    return this.injection({ address: { url: `https://127.0.0.1:${this.server.port}${path}` } });
  }

  ask(given: Partial<Question> = {}): Promise<Answer> {
    return this.injectors.ask(question({ injection: this.injection(), ...given }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.injectors.close();
    await this.server[Symbol.asyncDispose]();
  }
}

const question = (given: Partial<Question> & Pick<Question, 'injection'>): Question => ({
  namespace: 'shop',
  name: 'web',
  template: { labels: { app: 'web' }, annotations: {}, spec: { containers: [{ name: 'app', image: 'a' }] } },
  templateHash: 'h',
  ...given,
});

async function bench(
  behaviour: Behaviour = injects,
  options: Partial<InjectorsOptions> & { identity?: Identity } = {},
): Promise<Bench> {
  const { identity, ...rest } = options;
  return new Bench(await new InjectorServer(behaviour, identity).listen(), rest);
}

const times = (count: number, each: (index: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => each(index)));

describe('through a tunnel', () => {
  /** The network leads nowhere, and the tunnel to this server. */
  const away = async (to: InjectorServer, asked: ServicePort[] = []) => {
    const one = await bench(injects, {
      tunnel: async (service) => {
        asked.push(service);
        return connect(to.port, '127.0.0.1');
      },
    });
    one.service = { type: 'ClusterIP', clusterIP: '127.0.0.1', externalName: '', ports: [] };
    return one;
  };

  it('an injector is verified by the name of its Service and the authority of its entry', async () => {
    await using server = await new InjectorServer(injects).listen();
    const asked: ServicePort[] = [];
    await using one = await away(server, asked);
    assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(server.asked[0]?.serverName, 'istiod.istio-system.svc');
    const { port } = one.server;
    assert.deepEqual(asked, [{ namespace: 'istio-system', name: 'istiod', path: '/inject', port }]);
  });

  it('whoever is at its end without a certificate of that authority is not asked', async () => {
    await using server = await new InjectorServer(injects, SECOND).listen();
    await using one = await away(server);
    const answer = await one.ask();
    assert.equal(word(answer), 'unknown injector-unreachable');
    assert.match(detailOf(answer), /has no port .*; by a port-forward: .*self-signed certificate/);
    assert.deepEqual(server.asked, []);
  });

  it('a webhook with a URL is asked at that URL only', async () => {
    await using server = await new InjectorServer(injects).listen();
    await using one = await away(server);
    assert.equal(word(await one.ask({ injection: one.url('/inject') })), SIDECAR);
    assert.equal(one.requests, 1);
    assert.deepEqual(server.asked, []);
  });
});

describe('what an injector is asked', () => {
  it('is the template in its namespace, as exactly application/json', async () => {
    await using one = await bench();
    assert.equal(word(await one.ask()), SIDECAR);
    const [asked] = one.server.asked;
    assert.equal(asked?.contentType, 'application/json');
    assert.equal(asked.review.request.namespace, 'shop');
    assert.deepEqual(asked.review.request.object, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'web-', namespace: 'shop', labels: { app: 'web' }, annotations: {} },
      spec: { containers: [{ name: 'app', image: 'a' }] },
    });
  });

  it('goes to a url with its path and query', async () => {
    await using one = await bench();
    const path = '/inject/cluster/east/net/n1?a=1&b=%2F';
    assert.equal(word(await one.ask({ injection: one.url(path) })), SIDECAR);
    assert.equal(one.server.asked[0]?.url, path);
    assert.equal(one.server.asked[0]?.serverName, false, 'an address is no server name');
  });

  it('goes to a Service’s ClusterIP under the name the API server uses', async () => {
    await using one = await bench();
    await one.ask();
    assert.equal(one.server.asked[0]?.url, '/inject');
    assert.equal(one.server.asked[0]?.serverName, 'istiod.istio-system.svc');
  });

  it('goes to a Service’s external name, still under the Service’s own', async () => {
    await using one = await bench();
    one.service = { type: 'ExternalName', clusterIP: '', externalName: '127.0.0.1', ports: [] };
    assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(one.server.asked[0]?.serverName, 'istiod.istio-system.svc');
  });

  it('goes to the address of a port-forward under the Service’s name', async () => {
    await using server = await new InjectorServer(injects).listen();
    await using one = await bench(injects, { address: { host: '127.0.0.1', port: server.port } });
    one.service = undefined;
    assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(server.asked[0]?.serverName, 'istiod.istio-system.svc');
    assert.equal(one.requests, 0);
  });

  for (const [name, address] of [
    ['a Service', undefined],
    ['a URL', { url: 'https://istiod.istio-system.svc:1/inject' }],
  ] as const)
    it(`goes to where an entry with ${name} is asked instead, whatever the others are asked at`, async () => {
      await using server = await new InjectorServer(injects).listen();
      await using one = await bench(injects, { address: { host: '127.0.0.1', port: 1 }, timeLimit: 2000 });
      const askedAt = { host: '127.0.0.1', port: server.port };
      const redirected = one.injection({ ...(address && { address }), askedAt }, { epoch: 'elsewhere' });
      assert.equal(word(await one.ask({ injection: redirected })), SIDECAR);
      assert.equal(server.asked[0]?.serverName, 'istiod.istio-system.svc');
      assert.equal(word(await one.ask()), 'unknown injector-unreachable');
    });
});

describe('a Service that cannot be routed to', () => {
  const facts = (given: Partial<ServiceFacts>): ServiceFacts => ({
    type: 'ClusterIP',
    clusterIP: '127.0.0.1',
    externalName: '',
    ports: [1],
    ...given,
  });
  const rows: [string, ServiceFacts | undefined, RegExp][] = [
    ['does not exist', undefined, /Service istio-system\/istiod does not exist/],
    ['is headless', facts({ clusterIP: 'None' }), /is headless/],
    ['has no address yet', facts({ clusterIP: '' }), /is headless/],
    ['has another port', facts({}), /has no port \d+/],
  ];
  for (const [name, service, said] of rows) {
    it(name, async () => {
      await using one = await bench();
      one.service = service;
      const answer = await one.ask();
      assert.equal(word(answer), 'unknown injector-unreachable');
      assert.match(detailOf(answer), said);
      assert.equal(one.requests, 0);
    });
  }

  it('cannot even be read', async () => {
    await using one = await bench(injects, {
      cluster: { service: () => Promise.reject(new Error('403 Forbidden')), accountUid: async () => undefined },
    });
    assert.match(detailOf(await one.ask()), /403 Forbidden/);
  });
});

describe('an injector that declines', () => {
  /** Why that may not be true of the pods. */
  const doubtOf = async (uid: string | undefined, asked: Partial<Question>): Promise<string | undefined> => {
    const server = await new InjectorServer(saying(DECLINED)).listen();
    const service = { type: 'ClusterIP', clusterIP: '127.0.0.1', externalName: '', ports: [server.port] };
    const cluster = { service: async () => service, accountUid: async () => uid };
    await using one = new Bench(server, { cluster });
    const answer = await one.ask(asked);
    assert.equal(word(answer), 'no-sidecar');
    return answer.kind === 'no-sidecar' ? answer.doubt : undefined;
  };
  const creator = { podCreator: 'replicaset-controller' };

  it('may not know the controller whose account cannot be read, as Dapr’s', async () =>
    assert.match((await doubtOf(undefined, creator)) ?? '', /kube-system:replicaset-controller by its UID/));
  it('is believed where its question has the UID', async () =>
    assert.equal(await doubtOf('uid-1', creator), undefined));
  it('is believed where its question names nobody, as Istio’s', async () =>
    assert.equal(await doubtOf(undefined, {}), undefined));
});

it('an injector that rejects pods without the token of their ServiceAccount, as Vault’s, gives an answer', async () => {
  const rejects: Behaviour = (response, asked) => {
    const hasToken = JSON.stringify(asked.review.request.object).includes(
      '/var/run/secrets/kubernetes.io/serviceaccount',
    );
    saying(hasToken ? INJECTED : REFUSED)(response, asked);
  };
  await using one = await bench(rejects);
  assert.equal(word(await one.ask({ podCreator: 'replicaset-controller' })), SIDECAR);
});

describe('a certificate', () => {
  const rows: [string, Identity, string, RegExp][] = [
    ['for another name', { cert: CERTIFICATE, key: PRIVATE_KEY }, CERTIFICATE, /ALTNAME/],
    ['of another authority', FIRST, SECOND.cert, /SELF_SIGNED|UNABLE_TO_VERIFY/],
    ['that the system does not know, without caBundle', FIRST, '', /SELF_SIGNED/],
    ['under a caBundle that is no PEM', FIRST, 'not a certificate', /PEM|SELF_SIGNED|UNABLE/i],
  ];
  for (const [name, identity, caBundle, said] of rows) {
    it(`${name} is not trusted`, async () => {
      await using one = await bench(injects, { identity });
      const answer = await one.ask({ injection: one.injection({ caBundle }) });
      assert.equal(word(answer), 'unknown injector-unreachable');
      assert.match(detailOf(answer), said);
      assert.equal(one.requests, 0);
    });
  }

  it('of another authority is not trusted where an injector is asked instead of another one either', async () => {
    await using stranger = await new InjectorServer(injects, SECOND).listen();
    await using one = await bench();
    const askedAt = { host: '127.0.0.1', port: stranger.port };
    assert.equal(word(await one.ask({ injection: one.injection({ askedAt }) })), 'unknown injector-unreachable');
    assert.equal(stranger.asked.length, 0);
  });

  it('that was rotated is followed by the next entry, and the configuration answers again', async () => {
    await using one = await bench(injects, { identity: SECOND });
    assert.equal(word(await one.ask()), 'unknown injector-unreachable');
    const rotated = one.injection({ caBundle: SECOND.cert });
    assert.equal(word(await one.ask({ injection: rotated })), SIDECAR);
    assert.deepEqual(one.told, ['istio-sidecar-injector silent', 'istio-sidecar-injector answers']);
  });

  it('is dialled anew under a rotated CA, over connections of its own', async () => {
    await using one = await bench();
    await one.ask();
    const both = one.injection({ caBundle: `${SECOND.cert}${FIRST.cert}` });
    assert.equal(word(await one.injectors.askAfresh(question({ injection: both }))), SIDECAR);
    assert.equal(one.server.connections, 2);
  });

  it('of one entry does not disturb another entry of the same address', async () => {
    await using one = await bench();
    const stale = one.injection({ configuration: 'stale', caBundle: SECOND.cert }, { epoch: 'stale' });
    for (const templateHash of 'abcdefghij') {
      assert.equal(word(await one.ask({ templateHash })), SIDECAR);
      assert.equal(word(await one.ask({ injection: stale, templateHash })), 'unknown injector-unreachable');
    }
    assert.ok(one.server.connections <= 4, `${one.server.connections} connections`);
    assert.deepEqual(one.told, ['stale silent']);
    assert.equal(one.results.filter((result) => result === 'unreachable').length, 1);
  });
});

const never: Behaviour = () => undefined;
const head = { 'content-type': 'application/json' };
const half: Behaviour = (response) => {
  response.writeHead(200, { ...head, 'content-length': INJECTED.length });
  response.write(INJECTED.slice(0, INJECTED.length / 2), () => response.destroy());
};
const halfChunked: Behaviour = (response) => {
  response.writeHead(200, head);
  response.write(INJECTED, () => response.destroy());
};
/** Never silent for long, and never done. */
const drips: Behaviour = (response) => {
  response.writeHead(200, head);
  const timer = setInterval(() => response.write(' '), 5);
  response.once('close', () => clearInterval(timer));
};
const endless: Behaviour = (response) => {
  const more = (): void => {
    while (!response.destroyed && response.write(' '.repeat(1 << 20)));
  };
  response.writeHead(200, head).on('drain', more);
  more();
};
const LONG_TIME = 10_000;
const SHORT_TIME = 150;

describe('an injector that', () => {
  const rows: [string, Behaviour, string, RegExp, limit?: number][] = [
    ['says 500', saying('boom', 500), 'injector-unreachable', /HTTP 500: boom/],
    ['says 415', saying('', 415), 'injector-unreachable', /HTTP 415/],
    ['says 302', saying('', 302), 'injector-unreachable', /HTTP 302/],
    ['says 200 with HTML', saying('<html>'), 'injector-unreachable', /not JSON: <html>/],
    ['says nothing', saying(''), 'injector-unreachable', /not JSON/],
    ['stops half-way', half, 'injector-unreachable', /injector of istio-sidecar-injector: \S/],
    ['stops before the last chunk', halfChunked, 'injector-unreachable', /injector of istio-sidecar-injector: \S/],
    ['hangs up', (response) => response.destroy(), 'injector-unreachable', /UND_ERR_SOCKET|ECONNRESET/],
    ['never answers', never, 'injector-unreachable', /time limit/, SHORT_TIME],
    ['drips for ever', drips, 'injector-unreachable', /time limit/, SHORT_TIME],
    ['says too much', endless, 'injector-unreachable', /RES_EXCEEDED_MAX_SIZE/],
    ['refuses', saying(REFUSED), 'injector-refused', /no such template/],
    ['answers something else', saying('[]'), 'bad-answer', /not an AdmissionReview/],
    ['answers null', saying('null'), 'bad-answer', /not an AdmissionReview/],
    [
      'patches what is not there',
      saying('{"response":{"allowed":true,"patch":"eyJ9"}}'),
      'bad-answer',
      /does not apply/,
    ],
  ];
  for (const [name, behaviour, code, said, timeLimit = LONG_TIME] of rows) {
    it(`${name} ends as unknown`, async () => {
      await using one = await bench(behaviour, { timeLimit });
      const answer = await one.ask();
      assert.equal(word(answer), `unknown ${code}`);
      assert.match(detailOf(answer), said);
      assert.equal(one.requests, 1);
    });
  }

  it('is not there ends as unknown', async () => {
    await using one = await bench();
    await one.server[Symbol.asyncDispose]();
    assert.match(detailOf(await one.ask()), /ECONNREFUSED/);
  });

  it('has no URL for an address ends as unknown', async () => {
    await using one = await bench();
    assert.match(detailOf(await one.ask({ injection: one.injection({ address: { url: 'no url' } }) })), /Invalid URL/);
  });
});

describe('back-off', () => {
  it('leaves a failed injector alone, twice as long each time up to 30 s', async () => {
    await using one = await bench(saying('', 500));
    for (const [index, pause] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      assert.match(detailOf(await one.ask()), /HTTP 500/);
      assert.equal(one.requests, index + 1);
      assert.equal(one.injectors.retryAt(), one.now + pause * 1000);
      one.now += pause * 1000 - 1;
      assert.match(detailOf(await one.ask({ templateHash: 'other' })), /HTTP 500/);
      assert.equal(one.requests, index + 1);
      one.now += 1;
    }
    assert.deepEqual(one.told, ['istio-sidecar-injector silent']);
  });

  it('ends with the first answer, and starts small again', async () => {
    await using one = await bench(saying('', 500));
    await one.ask();
    one.now += 1000;
    await one.ask();
    one.now += 2000;
    one.server.behaviour = injects;
    assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(one.injectors.retryAt(), undefined);
    assert.deepEqual(one.told, ['istio-sidecar-injector silent', 'istio-sidecar-injector answers']);
    one.server.behaviour = saying('', 500);
    await one.ask({ templateHash: 'other' });
    assert.equal(one.injectors.retryAt(), one.now + 1000);
    assert.equal(one.told.at(-1), 'istio-sidecar-injector silent');
  });

  it('is told and taken back by the same configuration where two share an injector', async () => {
    await using one = await bench(saying('', 500));
    const tag = one.injection({ configuration: 'tag' }, { epoch: 'tag' });
    await one.ask();
    one.now += 1000;
    one.server.behaviour = injects;
    await one.ask({ injection: tag });
    assert.deepEqual(one.told, ['istio-sidecar-injector silent']);
    await one.ask();
    assert.deepEqual(one.told, ['istio-sidecar-injector silent', 'istio-sidecar-injector answers']);
  });

  it('is told again where a configuration was deleted while silent and comes back no better', async () => {
    await using one = await bench(saying('', 500));
    await one.ask();
    await one.injectors.keepOnly([]);
    await one.ask();
    assert.deepEqual(one.told, ['istio-sidecar-injector silent', 'istio-sidecar-injector silent']);
  });

  it('is not told of a configuration that was deleted while a question was under way', async () => {
    await using one = await bench(never, { timeLimit: SHORT_TIME });
    const answer = one.ask();
    await until('the question', () => one.requests === 1);
    await Promise.all([one.injectors.keepOnly([]), answer]);
    assert.equal(word(await answer), 'unknown injector-unreachable');
    assert.deepEqual(one.told, []);
  });

  it('ends all waiting questions at once, instead of failing them one by one', async () => {
    await using one = await bench(never, { timeLimit: SHORT_TIME });
    const answers = await times(50, (index) => one.ask({ templateHash: String(index) }));
    assert.deepEqual(new Set(answers.map(word)), new Set(['unknown injector-unreachable']));
    // four in turn, and three of those who wait, to see whether anybody is answered
    assert.equal(one.requests, 7);
    assert.equal(one.injectors.retryAt(), one.now + 1000);
  });

  it('is not opened by a refusal, which is kept for a minute', async () => {
    await using one = await bench(saying(REFUSED));
    await one.ask();
    await one.ask();
    assert.equal(one.requests, 1);
    assert.equal(one.injectors.retryAt(), one.now + 60_000);
    assert.deepEqual(one.told, []);
    one.server.behaviour = injects;
    one.now += 60_000;
    assert.equal(word(await one.ask()), SIDECAR);
  });
});

describe('an injector that is known not to answer, where tries are made in the background', () => {
  /** A bench whose injector has failed once and may be tried again; the tries that have ended are counted. */
  async function failing(behaviour: Behaviour): Promise<{ one: Bench; tried: { ended: number } }> {
    const tried = { ended: 0 };
    const one = await bench(saying('boom', 500), { onTried: () => tried.ended++ });
    assert.match(detailOf(await one.ask()), /HTTP 500/);
    assert.equal(tried.ended, 0, 'somebody waited for the first failure');
    one.server.behaviour = behaviour;
    one.now += 1000;
    return { one, tried };
  }

  it('makes no caller wait, and is retried with one question at a time', async () => {
    const held: (() => void)[] = [];
    const { one, tried } = await failing((response, asked) => held.push(() => saying('boom', 500)(response, asked)));
    await using _ = one;
    const answers = await times(50, (index) => one.ask({ templateHash: String(index) }));
    assert.deepEqual(new Set(answers.map(detailOf)), new Set(['injector of istio-sidecar-injector: HTTP 500: boom']));
    await until('the try', () => held.length === 1);
    one.now += 60_000;
    await one.ask();
    assert.equal(tried.ended, 0);
    held[0]?.();
    await until('the try to end', () => tried.ended === 1);
    assert.equal(one.requests, 2);
    assert.ok((one.injectors.retryAt() ?? 0) > one.now, 'the back-off goes on');
  });

  it('answers again: the next question is put and waited for', async () => {
    const { one, tried } = await failing(injects);
    await using _ = one;
    assert.equal(word(await one.ask()), 'unknown injector-unreachable');
    await until('the try to end', () => tried.ended === 1);
    assert.deepEqual(one.told, ['istio-sidecar-injector silent', 'istio-sidecar-injector answers']);
    assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(word(await one.ask({ templateHash: 'other' })), SIDECAR);
    assert.equal(one.requests, 3);
  });

  it('still makes callers wait for a fresh answer', async () => {
    const { one } = await failing(injects);
    await using _ = one;
    assert.equal(word(await one.injectors.askAfresh(question({ injection: one.injection() }))), SIDECAR);
  });

  it('does not keep those of another injector waiting', async () => {
    const { one } = await failing(never);
    await using _ = one;
    await using other = await new InjectorServer(injects).listen();
    const elsewhere = one.injection({ address: { url: `https://127.0.0.1:${other.port}/inject` } }, { epoch: 'other' });
    const [silent, well] = await Promise.all([one.ask(), one.ask({ injection: elsewhere })]);
    assert.deepEqual([word(silent), word(well)], ['unknown injector-unreachable', SIDECAR]);
  });
});

describe('connections', () => {
  it('carry at most four questions at a time, and stay open', async () => {
    await using one = await bench();
    for (let index = 0; index < 50; index++) await one.ask({ templateHash: `sequential ${index}` });
    const held: (() => void)[] = [];
    one.server.behaviour = (response, asked) => held.push(() => injects(response, asked));
    const answers = times(50, (index) => one.ask({ templateHash: `parallel ${index}` }));
    await until('four questions', () => held.length === 4);
    // only then can a fifth question show itself, if there is one
    await one.injectors.ask(question({ injection: one.injection(), templateHash: 'sequential 0' }));
    one.server.behaviour = injects;
    for (const answer of held) answer();
    assert.deepEqual(new Set((await answers).map(word)), new Set([SIDECAR]));
    assert.equal(one.requests, 100);
    assert.equal(one.server.atATime, 4);
    assert.ok(one.server.connections <= 4, `${one.server.connections} connections`);
  });

  it('are closed when no entry names the injector, and reopened for questions that still wait', async () => {
    await using one = await bench();
    const held: (() => void)[] = [];
    one.server.behaviour = (response, asked) => held.push(() => injects(response, asked));
    const answers = times(10, (index) => one.ask({ templateHash: String(index) }));
    await until('four questions', () => held.length === 4);
    const closed = one.injectors.keepOnly([]);
    one.server.behaviour = injects;
    for (const answer of held) answer();
    await closed;
    assert.deepEqual(new Set((await answers).map(word)), new Set([SIDECAR]));
    assert.deepEqual(one.told, []);
  });

  it('are not closed while a question is still being written', async () => {
    const read = Promise.withResolvers<string>();
    const cluster = { service: async () => one.service, accountUid: () => read.promise };
    await using one: Bench = await bench(injects, { cluster });
    const written = [
      one.ask({ podCreator: 'job-controller' }),
      ...[1, 2].map((templateHash) => one.ask({ templateHash: String(templateHash) })),
    ];
    const closed = one.injectors.keepOnly([]);
    read.resolve('uid');
    assert.deepEqual((await Promise.all(written)).map(word), [SIDECAR, SIDECAR, SIDECAR]);
    await closed;
  });

  it('that are closed while it is found out whose fault a failure is leave no question with their fault', async () => {
    await using one = await bench();
    const held: (() => void)[] = [];
    one.server.behaviour = (response, asked) => held.push(() => saying('', 500)(response, asked));
    const answers = times(10, (index) => one.ask({ templateHash: String(index) }));
    await until('four questions', () => held.length === 4);
    held.shift()?.();
    await until('three others', () => held.length === 6);
    const closed = one.injectors.keepOnly([]);
    one.server.behaviour = injects;
    for (const answer of held) answer();
    await closed;
    assert.deepEqual(
      (await answers).slice(4).map(word),
      Array.from({ length: 6 }, () => SIDECAR),
    );
  });
});

describe('an answer', () => {
  it('is kept for its epoch, namespace and template', async () => {
    await using one = await bench();
    for (let index = 0; index < 100; index++) assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(one.requests, 1);
    await one.ask({ namespace: 'other' });
    await one.ask({ templateHash: 'other' });
    await one.ask({ injection: one.injection({}, { epoch: 'other' }) });
    assert.equal(one.requests, 4);
  });

  it('is shared by callers that ask while it is in progress', async () => {
    await using one = await bench();
    const answers = await times(100, () => one.ask());
    assert.deepEqual(new Set(answers.map(word)), new Set([SIDECAR]));
    assert.equal(one.requests, 1);
  });

  it('is an hour old at most, and five minutes if its epoch is new', async () => {
    await using one = await bench();
    for (const [requests, age] of [
      [1, 5 * MINUTE],
      [2, HOUR],
    ] as const) {
      await one.ask();
      one.now += age - 1;
      await one.ask();
      assert.equal(one.requests, requests);
      one.now += 1;
    }
    await one.ask();
    assert.equal(one.requests, 3);
  });

  it('is asked for again where a fresh one is wanted, and that one is kept', async () => {
    await using one = await bench();
    await one.ask();
    one.server.behaviour = saying('{"response":{"allowed":true}}');
    const fresh = await one.injectors.askAfresh(question({ injection: one.injection() }));
    assert.equal(word(fresh), 'no-sidecar');
    assert.equal(word(await one.ask()), 'no-sidecar');
    assert.equal(one.requests, 2);
  });

  it('is forgotten with its epoch, and no other is', async () => {
    await using one = await bench();
    const other = one.injection({}, { epoch: 'other' });
    await one.ask();
    await one.ask({ injection: other });
    await one.injectors.keepOnly([other]);
    await one.ask({ injection: other });
    assert.equal(one.requests, 2);
    await one.ask();
    assert.equal(one.requests, 3);
  });
});

/** A tenant whose questions the injector treats so; it answers everybody else. */
const only =
  (namespace: string, poison: Behaviour): Behaviour =>
  (response, asked) =>
    (asked.review.request.namespace === namespace ? poison : injects)(response, asked);

const cutAfterHeaders: Behaviour = (response) => {
  response.writeHead(200, { ...head, 'content-length': 1000 }).flushHeaders();
  setImmediate(() => response.destroy());
};

/** One tenant's questions, then those of a shop. */
const mixed = (one: Bench, poison: number, healthy = 50): Question[] => [
  ...Array.from({ length: poison }, (_, i) =>
    question({ injection: one.injection(), namespace: 'tenant', templateHash: `poison ${i}` }),
  ),
  ...Array.from({ length: healthy }, (_, i) => question({ injection: one.injection(), templateHash: `healthy ${i}` })),
];

const asked = (one: Bench, questions: readonly Question[]): Promise<Answer[]> =>
  Promise.all(questions.map((each) => one.injectors.ask(each)));

const counted = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[word(answer)] = (counts[word(answer)] ?? 0) + 1;
  return counts;
};

describe('a question that fails alone is its workload’s fault, and 50 others are answered', () => {
  const rows: [string, Behaviour, RegExp, given?: { poison?: number; timeLimit?: number }][] = [
    ['HTTP 500', saying('panic', 500), /HTTP 500: panic; it answers other questions/],
    ['HTTP 413', saying('too large', 413), /HTTP 413: too large/],
    ['HTTP 404', saying('', 404), /HTTP 404/],
    ['HTTP 503 with a megabyte of text', saying('x'.repeat(1 << 20), 503), /HTTP 503: x{120};/],
    ['no JSON', saying('<html>'), /not JSON: <html>/],
    ['an empty body', saying(''), /not JSON/],
    ['no AdmissionReview', saying('{"kind":"Status"}'), /not an AdmissionReview/],
    ['an answer that stops half-way', half, /\S/],
    ['a connection that is cut', (response) => response.destroy(), /UND_ERR_SOCKET|ECONNRESET/],
    ['a connection that is cut after the headers', cutAfterHeaders, /terminated|UND_ERR_SOCKET|ECONNRESET/],
    ['no answer', never, /time limit/, { timeLimit: SHORT_TIME }],
    ['an answer that drips', drips, /time limit/, { timeLimit: SHORT_TIME }],
    ['an answer without an end', endless, /RES_EXCEEDED_MAX_SIZE/, { poison: 1 }],
    ['HTTP 500 for as many as there are others', saying('panic', 500), /HTTP 500/, { poison: 50 }],
  ];
  for (const [name, behaviour, said, { poison = 4, timeLimit = LONG_TIME } = {}] of rows) {
    it(name, async () => {
      await using one = await bench(only('tenant', behaviour), { timeLimit, onTried: () => undefined });
      const questions = mixed(one, poison);
      const answers = await asked(one, questions);
      assert.deepEqual(counted(answers), { 'unknown bad-answer': poison, [SIDECAR]: 50 });
      assert.match(detailOf(answers[0] as Answer), said);
      assert.deepEqual(one.told, []);
      assert.equal(one.results.includes('unreachable'), false);
      assert.equal(one.injectors.retryAt(), one.now + 1000);
      assert.deepEqual(counted(await asked(one, questions)), counted(answers), 'kept until then');
    }, 20_000);
  }

  it('also where one workload of their own namespace fails, and comes last', async () => {
    const poisoned: Behaviour = (response, given) => {
      const { metadata } = given.review.request.object as { metadata: { labels: object } };
      ('poison' in metadata.labels ? saying('', 500) : injects)(response, given);
    };
    await using one = await bench(poisoned);
    const poison = Array.from({ length: 4 }, (_, i) =>
      question({
        injection: one.injection(),
        template: { labels: { poison: '' }, annotations: {}, spec: {} },
        templateHash: `poison ${i}`,
      }),
    );
    const answers = await asked(one, [...mixed(one, 0), ...poison]);
    assert.deepEqual(counted(answers), { 'unknown bad-answer': 4, [SIDECAR]: 50 });
    assert.deepEqual(one.told, []);
  });

  it('also where it is asked long after the others: one of them is asked again', async () => {
    await using one = await bench(only('tenant', saying('', 500)));
    assert.equal(word(await one.ask()), SIDECAR);
    assert.equal(word(await one.ask({ namespace: 'tenant' })), 'unknown bad-answer');
    assert.equal(one.requests, 3);
    assert.equal(one.server.asked[2]?.review.request.namespace, 'shop');
    assert.deepEqual(one.told, []);
  });

  it('also where eight tenants have one each, and all come first', async () => {
    const ofTenants: Behaviour = (response, given) =>
      (given.review.request.namespace === 'shop' ? injects : saying('', 500))(response, given);
    await using one = await bench(ofTenants);
    const poison = Array.from({ length: 8 }, (_, i) =>
      question({ injection: one.injection(), namespace: `tenant ${i}` }),
    );
    assert.deepEqual(counted(await asked(one, [...poison, ...mixed(one, 0)])), {
      'unknown bad-answer': 8,
      [SIDECAR]: 50,
    });
    assert.deepEqual(one.told, []);
  });
});

describe('the back-off of a question that fails alone', () => {
  it('is its own: twice as long each time up to five minutes, while others are answered', async () => {
    await using one = await bench(only('tenant', saying('', 500)));
    await one.ask({ templateHash: 'first' });
    for (const [index, pause] of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].entries()) {
      assert.equal(word(await one.ask({ namespace: 'tenant' })), 'unknown bad-answer');
      assert.equal(one.injectors.retryAt(), one.now + pause * 1000);
      const { requests } = one;
      one.now += pause * 1000 - 1;
      assert.equal(word(await one.ask({ namespace: 'tenant' })), 'unknown bad-answer');
      assert.equal(one.requests, requests, 'left alone');
      assert.equal(word(await one.ask({ templateHash: String(index) })), SIDECAR);
      one.now += 1;
    }
    assert.deepEqual(one.told, []);
  });

  it('ends with its answer, and starts small again', async () => {
    await using one = await bench(only('tenant', saying('', 500)));
    await one.ask();
    await one.ask({ namespace: 'tenant' });
    one.now += 1000;
    one.server.behaviour = injects;
    assert.equal(word(await one.ask({ namespace: 'tenant' })), SIDECAR);
    assert.equal(one.injectors.retryAt(), undefined);
  });

  it('ends also where the answer is the one that was kept, which becomes too old later', async () => {
    await using one = await bench(injects, { onTried: () => undefined });
    await one.ask();
    const asked = question({ injection: one.injection(), namespace: 'tenant' });
    await one.injectors.ask(asked);
    one.server.behaviour = only('tenant', saying('', 500));
    assert.equal(word(await one.injectors.askAfresh(asked)), 'unknown bad-answer');
    one.server.behaviour = injects;
    assert.equal(word(await one.injectors.askAfresh(asked)), SIDECAR);
    one.now += 5 * 60_000;
    assert.equal(word(await one.injectors.ask(asked)), SIDECAR);
  });

  it('is not that of another template of the same workload', async () => {
    await using one = await bench(only('tenant', saying('', 500)));
    await one.ask();
    await one.ask({ namespace: 'tenant' });
    one.server.behaviour = injects;
    assert.equal(word(await one.ask({ namespace: 'tenant', templateHash: 'mended' })), SIDECAR);
  });

  it('makes no caller wait if retries run in the background, and retries one at a time', async () => {
    const held: (() => void)[] = [];
    const tried = { ended: 0 };
    await using one = await bench(only('tenant', saying('', 500)), { onTried: () => tried.ended++ });
    const questions = mixed(one, 8);
    await asked(one, questions);
    one.now += 1000;
    one.server.behaviour = only('tenant', (response, given) => held.push(() => injects(response, given)));
    assert.deepEqual(counted(await asked(one, questions)), { 'unknown bad-answer': 8, [SIDECAR]: 50 });
    await until('the try', () => held.length === 1);
    await one.ask({ templateHash: 'whoever comes next has a turn' });
    assert.equal(held.length, 1);
    held[0]?.();
    await until('the try to end', () => tried.ended === 1);
    assert.deepEqual(counted(await asked(one, questions)), { 'unknown bad-answer': 7, [SIDECAR]: 51 });
  });
});

describe('an injector that was down', () => {
  it('is found again whichever question comes first, even one that always fails', async () => {
    const tried = { ended: 0 };
    await using one = await bench(saying('', 503), { onTried: () => tried.ended++ });
    const questions = mixed(one, 8);
    assert.deepEqual(counted(await asked(one, questions)), { 'unknown injector-unreachable': 58 });
    one.server.behaviour = only('tenant', saying('', 500));
    for (let tries = 1; one.told.at(-1) !== 'istio-sidecar-injector answers'; tries++) {
      assert.ok(tries <= 3, `${tries} tries`);
      one.now = one.injectors.retryAt() ?? one.now;
      await asked(one, questions);
      await until('the try', () => tried.ended === tries);
    }
    assert.deepEqual(counted(await asked(one, questions)), { 'unknown bad-answer': 8, [SIDECAR]: 50 });
  });

  it('is unreachable for everybody after the first connection that cannot be made', async () => {
    await using one = await bench();
    await one.server[Symbol.asyncDispose]();
    assert.deepEqual(counted(await asked(one, mixed(one, 0))), { 'unknown injector-unreachable': 50 });
    assert.deepEqual(one.told, ['istio-sidecar-injector silent']);
    assert.equal(one.injectors.retryAt(), one.now + 1000);
  });

  it('is unreachable if it answers no question, but has answered before', async () => {
    await using one = await bench();
    await asked(one, mixed(one, 0));
    one.server.behaviour = saying('', 500);
    assert.equal(word(await one.ask({ templateHash: 'new' })), 'unknown injector-unreachable');
    assert.deepEqual(one.told, ['istio-sidecar-injector silent']);
  });
});

it('a namespace with many questions takes turns with one that has few', async () => {
  await using one = await bench();
  const many = mixed(one, 40, 1);
  await asked(one, many);
  const place = one.server.asked.findIndex(({ review }) => review.request.namespace === 'shop');
  assert.ok(place < 10, `it was number ${place}`);
});

describe('an injector is asked again', () => {
  const otherImage = 'docker.io/istio/proxyv2:1.31.1';
  const other: Behaviour = saying(
    JSON.stringify({
      response: {
        allowed: true,
        patchType: 'JSONPatch',
        patch: Buffer.from(
          JSON.stringify([
            { op: 'add', path: '/spec/containers/-', value: { name: 'istio-proxy', image: otherImage } },
          ]),
        ).toString('base64'),
      },
    }),
  );

  /** A bench that is told of changed answers, after so many questions were answered. */
  async function answered(count: number, behaviour: Behaviour = injects): Promise<{ one: Bench; changed: string[] }> {
    const changed: string[] = [];
    const one = await bench(behaviour, { onAnswerChanged: ({ epoch }) => changed.push(epoch) });
    for (let index = 0; index < count; index++) await one.ask({ namespace: `n${index}` });
    return { one, changed };
  }

  it('once a minute, with a template that it has answered', async () => {
    const { one, changed } = await answered(10);
    await using _ = one;
    for (let second = 0; second < 180; second++) {
      await one.injectors.recheck([one.injection()]);
      one.now += 1000;
    }
    assert.equal(one.requests, 12);
    assert.deepEqual(changed, []);
    assert.equal(one.injectors.generationOf(one.injection()), 0);
    await one.ask({ namespace: 'n3' });
    assert.equal(one.requests, 12, 'the answers are still kept');
  });

  it('only if it was asked anything, and is still in use', async () => {
    const { one } = await answered(1);
    await using _ = one;
    one.now += MINUTE;
    await one.injectors.recheck([one.injection({}, { epoch: 'never asked' })]);
    assert.equal(one.requests, 1);
  });

  it('and if it answers otherwise, all its answers are forgotten and the change is told', async () => {
    const { one, changed } = await answered(5);
    await using _ = one;
    one.server.behaviour = other;
    one.now += MINUTE - 1;
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, [], 'not yet');
    one.now += 1;
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, [one.injection().epoch]);
    assert.equal(one.injectors.generationOf(one.injection()), 1);
    for (let index = 0; index < 5; index++)
      assert.equal(word(await one.ask({ namespace: `n${index}` })), `sidecar ${otherImage}`);
    one.server.behaviour = saying(REFUSED);
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.equal(
      one.injectors.generationOf(one.injection({}, { epoch: 'the next' })),
      2,
      'a refusal is another answer',
    );
  });

  it('and if its connections broke when it was replaced, the failed question does not hide the change', async () => {
    const { one, changed } = await answered(5);
    await using _ = one;
    one.server.behaviour = (response) => {
      one.server.behaviour = other;
      response.destroy();
    };
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    for (let minute = 0; minute < 3 && changed.length === 0; minute++) {
      one.now += MINUTE;
      await one.injectors.recheck([one.injection()]);
    }
    assert.deepEqual(changed, [one.injection().epoch]);
  });

  it('and with a template that it injects, if it was asked about others first', async () => {
    const { one, changed } = await answered(0);
    await using _ = one;
    const declining =
      (to: Behaviour): Behaviour =>
      (response, given) =>
        (given.review.request.namespace === 'n3' ? to : saying(DECLINED))(response, given);
    one.server.behaviour = declining(injects);
    for (let index = 0; index < 5; index++) await one.ask({ namespace: `n${index}` });
    one.server.behaviour = declining(other);
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, [one.injection().epoch], 'answers that decline prove nothing');
  });

  it('and a restart that finds another answer lets it be asked again at once', async () => {
    const { one, changed } = await answered(3);
    await using _ = one;
    one.server.behaviour = other;
    await one.injectors.askAfresh(question({ injection: one.injection(), namespace: 'n2' }));
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, [one.injection().epoch]);
  });

  it('behind a url, too', async () => {
    const { one, changed } = await answered(0);
    await using _ = one;
    await one.ask({ injection: one.url('/inject') });
    one.server.behaviour = other;
    one.now += MINUTE;
    await one.injectors.recheck([one.url('/inject')]);
    assert.equal(changed.length, 1);
  });

  it('and what changes for one namespace alone is forgotten for that one alone', async () => {
    const { one, changed } = await answered(3);
    await using _ = one;
    one.server.behaviour = (response, given) =>
      (given.review.request.namespace === 'n0' ? other : injects)(response, given);
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, []);
    assert.equal(one.injectors.generationOf(one.injection()), 0);
    const { requests } = one;
    assert.equal(word(await one.ask({ namespace: 'n0' })), `sidecar ${otherImage}`);
    await one.ask({ namespace: 'n2' });
    assert.equal(one.requests, requests + 1);
  });

  it('but not with a template from before the ProxyConfigs of its namespace were changed', async () => {
    const { one, changed } = await answered(0);
    await using _ = one;
    const ask = async (proxyConfigs: string): Promise<void> => {
      for (const namespace of ['bank', 'shop']) await one.ask({ namespace, proxyConfigs, templateHash: proxyConfigs });
    };
    await ask('before');
    one.server.behaviour = other;
    await ask('after');
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, []);
    assert.equal(one.requests, 5, 'it was asked again');
  });

  it('in the background: four injections at a time', async () => {
    const { one } = await answered(0);
    await using _ = one;
    const all = Array.from({ length: 12 }, (_, i) => one.injection({ caBundle: FIRST.cert }, { epoch: `e${i}` }));
    for (const each of all) await one.ask({ injection: each });
    const held: (() => void)[] = [];
    one.server.behaviour = (response, given) => held.push(() => injects(response, given));
    one.now += MINUTE;
    const both = Promise.all([one.injectors.recheck(all), one.injectors.recheck(all)]);
    await until('four questions', () => held.length === 4);
    one.server.behaviour = injects;
    for (const answer of held) answer();
    await both;
    assert.equal(one.requests, 24);
  });

  it('and silence, or a question that fails alone, is no change', async () => {
    const { one, changed } = await answered(2);
    await using _ = one;
    one.server.behaviour = only('n0', saying('', 500));
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    one.server.behaviour = saying('', 500);
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.deepEqual(changed, []);
    assert.deepEqual(one.told, ['istio-sidecar-injector silent']);
    const { requests } = one;
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.equal(one.requests, requests, 'one that does not answer is left to those who want to know');
  });

  it('with another template after one that fails alone', async () => {
    const { one, changed } = await answered(1);
    await using _ = one;
    one.server.behaviour = only('n0', saying('', 500));
    await one.ask({ namespace: 'n1' });
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    one.server.behaviour = only('n0', saying('', 500));
    await one.ask({ namespace: 'n2' });
    one.server.behaviour = (response, given) =>
      (given.review.request.namespace === 'n0' ? saying('', 500) : other)(response, given);
    one.now += MINUTE;
    await one.injectors.recheck([one.injection()]);
    assert.equal(changed.length, 1);
  });
});

it('an answer that was on its way when its epoch was forgotten is not kept', async () => {
  const answered = [Promise.withResolvers<Answer>(), Promise.withResolvers<Answer>()];
  let asked = 0;
  const injectors = new Injectors({
    cluster: { service: () => Promise.resolve(undefined), accountUid: async () => undefined },
    now: () => 0,
    post: () => answered[asked++]?.promise ?? Promise.reject(new Error('asked once too often')),
  });
  const one = {
    injection: injection(),
    namespace: 'shop',
    name: 'web',
    template: workload().template,
    templateHash: 't',
  };
  const first = injectors.ask(one);
  injectors.forget(one.injection);
  answered[0]?.resolve({ kind: 'no-sidecar' });
  await first;
  const second = injectors.ask(one);
  answered[1]?.resolve({ kind: 'sidecar', sidecar: expected() });
  assert.equal((await second).kind, 'sidecar');
  assert.equal((await injectors.ask(one)).kind, 'sidecar', 'this one is kept');
});
