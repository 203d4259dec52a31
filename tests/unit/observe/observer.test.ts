import assert from 'node:assert/strict';
import { networkError, statusError } from '../../../src/cluster/apiError.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Injectors } from '../../../src/expect/injectors.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import type { Question } from '../../../src/expect/question.ts';
import { questionOf } from '../../../src/expect/questionOf.ts';
import { keyOf, type NamespaceFacts, NO_NAMESPACE, type PodFacts, type Sidecar } from '../../../src/model.ts';
import type { Observed } from '../../../src/observe/observed.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { evaluate } from '../../../src/plan/evaluate.ts';
import { rowsOf } from '../../../src/report/row.ts';
import { askedBy } from '../../builders/injectors.ts';
import { NOTHING_JOURNALLED } from '../../builders/journal.ts';
import { context, POLICY, stepFor } from '../../builders/policy.ts';
import {
  complete,
  entry,
  expected,
  group,
  injection,
  NO_SIDECAR,
  NOW,
  sidecar,
  workload,
} from '../../builders/workload.ts';

const ENABLED = { 'istio-injection': 'enabled' };
const enabled = injection({ entry: entry({ namespaceSelector: { matchLabels: ENABLED } }) });
const unlabelled = injection({
  entry: entry({ namespaceSelector: { matchExpressions: [{ key: 'istio-injection', operator: 'DoesNotExist' }] } }),
});

/** The verdict on outdated pods of namespace `shop`, and how many questions were put for it. */
async function assessed(mesh: Mesh): Promise<[verdict: string, questions: number]> {
  const questions: Question[] = [];
  const injectors = askedBy({
    ask: async (asked: Question) => {
      questions.push(asked);
      return { kind: 'sidecar', sidecar: expected() };
    },
  });
  const observer = new Observer({
    cluster: {} as Cluster,
    injectors,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
  });
  const { verdict } = await observer.assess(mesh, {
    workload: workload(),
    templateHash: 'h',
    groups: [group()],
    onLostNodes: 0,
    budgets: [],
  });
  const why = 'reason' in verdict ? ` ${verdict.reason.code}` : '';
  return [`${verdict.state}${why}`, questions.length];
}

const rows: [name: string, Mesh['injections'], Map<string, NamespaceFacts>, verdict: string, questions: number][] = [
  ['enabled', [enabled], new Map([['shop', { ...NO_NAMESPACE, labels: ENABLED }]]), 'outdated', 1],
  ['without labels', [enabled], new Map([['shop', NO_NAMESPACE]]), 'skipped orphaned', 0],
  ['not seen yet is not taken for one that nobody injects', [enabled], new Map(), 'unknown namespace-not-seen', 0],
  ['not seen yet is not taken for one without labels', [unlabelled], new Map(), 'unknown namespace-not-seen', 0],
];

for (const [name, injections, namespaces, verdict, questions] of rows) {
  test(`a namespace ${name}`, async () =>
    assert.deepEqual(await assessed({ injections, namespaces }), [verdict, questions]));
}

test('an answer is asked for anew where a ProxyConfig of its namespace has changed, and only there', () => {
  const facts = (name: string, proxyConfigs?: string): [string, NamespaceFacts] => [
    name,
    { ...NO_NAMESPACE, labels: ENABLED, ...(proxyConfigs && { proxyConfigs }) },
  ];
  const hash = (shop?: string, bank?: string) =>
    questionOf(
      { injections: [enabled], namespaces: new Map([facts('shop', shop), facts('bank', bank)]) },
      { workload: workload(), templateHash: 'h', match: { kind: 'entry', entry: enabled } },
    )?.templateHash;
  assert.equal(hash(), 'h');
  assert.notEqual(hash('a'), hash());
  assert.notEqual(hash('a'), hash('b'));
  assert.equal(hash('a', 'x'), hash('a', 'y'));
});

const agent = workload({ kind: 'DaemonSet', name: 'agent', uid: 'agent' });

const pod = (node: string, ready: boolean): PodFacts => ({
  namespace: 'shop',
  name: `agent-${node}`,
  uid: node,
  owner: { kind: 'DaemonSet', name: 'agent', uid: 'agent' },
  templateHash: '',
  createdAt: NOW,
  node,
  phase: 'Running',
  ready,
  deleting: false,
  sidecar: sidecar(),
});

/** A scan of a cluster that has this DaemonSet with these pods. */
async function scanned(pods: PodFacts[], lost: readonly string[]) {
  const cluster: Partial<Cluster> = {
    workloads: async (kind) => (kind === 'DaemonSet' ? [agent] : []),
    workload: async () => agent,
    pods: async function* () {
      yield pods;
    },
    podsOf: async () => pods,
    budgets: async () => [],
    canaries: async () => [],
    lostNodes: async (names) => new Set(names.filter((name) => lost.includes(name))),
  };
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors: {} as Injectors,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
  });
  const mesh = { injections: [], namespaces: new Map() };
  const seen = await observer.scan(mesh, undefined, new AbortController().signal);
  const { onLostNodes, groups } = seen.get(keyOf(agent)) ?? { onLostNodes: -1, groups: [] };
  return { onLostNodes, pods: groups.reduce((sum, { count }) => sum + count, 0) };
}

const daemons: [string, PodFacts[], string[], { onLostNodes: number; pods: number }][] = [
  ['all pods are ready', [pod('a', true), pod('b', true)], [], { onLostNodes: 0, pods: 2 }],
  ['a pod on a lost node is set apart', [pod('a', true), pod('b', false)], ['b'], { onLostNodes: 1, pods: 1 }],
  ['a pod that is not ready on a node that is', [pod('a', true), pod('b', false)], [], { onLostNodes: 0, pods: 2 }],
];
for (const [what, pods, lost, expected] of daemons)
  test(`a scan of a DaemonSet: ${what}`, async () => assert.deepEqual(await scanned(pods, lost), expected));

/** A scan of two pods that begins before the mesh is read, with the mesh's ends and whether the pods were given up. */
function beforeTheMesh() {
  const read: string[] = [];
  const isGivenUp = Promise.withResolvers<boolean>();
  const cluster: Partial<Cluster> = {
    workloads: async (kind) => {
      read.push(kind);
      return kind === 'DaemonSet' ? [agent] : [];
    },
    pods: async function* (_namespace, signal) {
      read.push('pods');
      signal.addEventListener('abort', () => isGivenUp.resolve(true), { once: true });
      yield [pod('a', true), pod('b', true)];
    },
    budgets: async () => [],
    canaries: async () => [],
  };
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors: {} as Injectors,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
  });
  const mesh = Promise.withResolvers<Mesh>();
  const scan = observer.scan(mesh.promise, undefined, new AbortController().signal);
  return { read, mesh, scan, isGivenUp: isGivenUp.promise };
}

test('a scan lists workloads and pods while the mesh is still being read', async () => {
  const { read, mesh, scan } = beforeTheMesh();
  await new Promise(setImmediate);
  assert.ok(read.includes('pods') && read.includes('DaemonSet'));
  mesh.resolve({ injections: [], namespaces: new Map() });
  assert.equal((await scan).get(keyOf(agent))?.groups[0]?.count, 2);
});

test('a mesh that cannot be read ends the scan, which gives up the pods', async () => {
  const { mesh, scan, isGivenUp } = beforeTheMesh();
  mesh.reject(new Error('no mesh'));
  await assert.rejects(scan, /no mesh/);
  assert.equal(await isGivenUp, true);
});

const call = { method: 'GET', path: '/api/v1/nodes/b' };
const forbidden = statusError(call, { code: 403 });
const passing = [
  statusError(call, { code: 500 }),
  statusError(call, { code: 429 }),
  networkError(call, 'https://api', new Error('reset')),
];

/** A observer of the DaemonSet with a pod that is not ready, where nodes or budgets answer with an error. */
function failing(errors: { nodes?: () => Error | undefined; budgets?: Error }) {
  const told: string[] = [];
  const pods = [pod('a', true), pod('b', false)];
  const cluster: Partial<Cluster> = {
    workloads: async (kind) => (kind === 'DaemonSet' ? [agent] : []),
    workload: async () => agent,
    pods: async function* () {
      yield pods;
    },
    podsOf: async () => pods,
    canaries: async () => [],
    budgets: async () => {
      if (errors.budgets) throw errors.budgets;
      return [];
    },
    lostNodes: async () => {
      const error = errors.nodes?.();
      if (error) throw error;
      return new Set();
    },
  };
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors: {} as Injectors,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
    onMissingRight: (what) => told.push(what),
  });
  const mesh = { injections: [], namespaces: new Map() };
  return { observer, told, scan: () => observer.scan(mesh, undefined, new AbortController().signal) };
}

test('without the right to read nodes all count as Ready, which is told once until it is there again', async () => {
  let error: Error | undefined = forbidden;
  const { observer, told } = failing({ nodes: () => error });
  const looked = async () => (await observer.observe(agent))?.onLostNodes;
  assert.deepEqual([await looked(), await looked(), told.length], [0, 0, 1]);
  error = undefined;
  await looked();
  error = forbidden;
  await looked();
  assert.equal(told.length, 2);
});

for (const error of passing) {
  test(`nodes that cannot be read at the moment do not count as Ready: ${error.message}`, async () => {
    const { observer, scan, told } = failing({ nodes: () => error });
    await assert.rejects(observer.observe(agent), error);
    const seen = (await scan()).get(keyOf(agent));
    assert.equal(seen?.unread, error.message);
    const { verdict } = await observer.assess({ injections: [], namespaces: new Map() }, seen as Observed);
    assert.deepEqual(verdict, { state: 'unknown', reason: { code: 'not-read', detail: error.message } });
    assert.deepEqual(told, []);
  });
}

for (const error of [forbidden, ...passing])
  test(`budgets that cannot be read allow nothing: ${error.message}`, async () => {
    const { observer, scan } = failing({ budgets: error });
    const seen = [(await observer.observe(agent))?.budgets, (await scan()).get(keyOf(agent))?.budgets];
    assert.deepEqual(
      seen.map((budgets) => budgets?.map(({ allowed, detail }) => [allowed, detail])),
      [[[0, error.message]], [[0, error.message]]],
    );
  });

const inSkipped = { ...NO_NAMESPACE, labels: ENABLED };
const skipMesh: Mesh = {
  injections: [enabled],
  namespaces: new Map([
    ['istio-system', inSkipped],
    ['kube-system', NO_NAMESPACE],
    ['shop', inSkipped],
  ]),
};
const CURRENT = sidecar({ image: expected().image });
const skippedRows: [
  what: string,
  namespace: string,
  sidecars: Sidecar[],
  row: [string, string, number?] | undefined,
][] = [
  ['outdated', 'istio-system', [sidecar(), sidecar()], ['skipped', 'namespace', 2]],
  ['outdated in part', 'istio-system', [CURRENT, sidecar()], ['skipped', 'namespace', 1]],
  ['to be injected', 'istio-system', [NO_SIDECAR], ['skipped', 'namespace', 1]],
  ['current', 'istio-system', [CURRENT], undefined],
  ['not injected', 'kube-system', [NO_SIDECAR], undefined],
  ['outdated elsewhere', 'shop', [sidecar()], ['outdated', '', 1]],
];
for (const [what, namespace, sidecars, row] of skippedRows)
  test(`--skip-namespaces, a Deployment in ${namespace}: ${what}`, async () => {
    const gateway = workload({ namespace, name: 'gateway', uid: 'g', rollout: complete(sidecars.length) });
    const cluster: Partial<Cluster> = {
      workloads: async (kind) => (kind === 'Deployment' ? [gateway] : []),
      pods: async function* () {
        yield sidecars.map((one, index) => ({
          ...pod(`n${index}`, true),
          namespace,
          owner: { kind: 'ReplicaSet', name: 'gateway-1', uid: 'r' },
          templateHash: '1',
          sidecar: one,
        }));
      },
      budgets: async () => [],
      canaries: async () => [],
    };
    const injectors = askedBy({ ask: async () => ({ kind: 'sidecar', sidecar: expected() }) });
    const observer = new Observer({
      cluster: cluster as Cluster,
      injectors,
      journal: NOTHING_JOURNALLED,
      policy: () => POLICY,
    });
    const seen = await observer.scan(skipMesh, undefined, new AbortController().signal);
    const observations = await observer.answerAll(skipMesh, [...seen.values()]);
    const planned = evaluate({ mesh: skipMesh, observations, learnt: () => [], context: context() });
    const rowsSeen = rowsOf(planned);
    assert.deepEqual(
      rowsSeen.map(({ verdict, reason, outdatedPods }) => [verdict, reason, outdatedPods]),
      row ? [row] : [],
    );
    const isRestarted = stepFor(planned, gateway)?.action === 'restart';
    assert.equal(isRestarted, namespace === 'shop');
  });

test('a workload that is skipped tells which flag skips it', async () => {
  const observer = new Observer({
    cluster: {} as Cluster,
    injectors: askedBy({ ask: async () => ({ kind: 'sidecar', sidecar: expected() }) }),
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
  });
  const gateway = workload({ namespace: 'istio-system' });
  const one = { workload: gateway, templateHash: 'h', groups: [group({}, 2)], onLostNodes: 0, budgets: [] };
  const { verdict } = await observer.assess(skipMesh, one);
  assert.match('reason' in verdict ? verdict.reason.detail : '', /2 of 2 pods .*--skip-namespaces names istio-system/);
});

test('budgets that were read while the injector was asked count for a restart', async () => {
  const budget = (allowed: number) => ({ namespace: 'shop', name: 'web', selector: {}, allowed, detail: '' });
  const reads = [budget(1), budget(0)];
  const one = workload();
  const cluster: Partial<Cluster> = {
    workload: async () => one,
    podsOf: async () => [],
    workloads: async () => [],
    canaries: async () => [],
    budgets: async () => reads.splice(0, 1),
  };
  const answering = Promise.withResolvers<void>();
  const injectors = askedBy({
    askAfresh: async () => {
      await answering.promise;
      return { kind: 'sidecar', sidecar: expected() };
    },
  });
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
  });
  const mesh = { injections: [injection()], namespaces: new Map([['shop', NO_NAMESPACE]]) };
  const observed = (await observer.observe(one)) as Observed;
  const judging = observer.assess(mesh, observed, true);
  await observer.observe(workload({ name: 'other' }));
  answering.resolve();
  assert.deepEqual(
    (await judging).budgets.map(({ allowed }) => allowed),
    [0],
  );
});
