import assert from 'node:assert/strict';
import { statusError } from '../../../src/cluster/apiError.ts';
import type { Cluster, OwnerFacts } from '../../../src/cluster/cluster.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import type { Question } from '../../../src/expect/question.ts';
import { WORKLOAD_KINDS } from '../../../src/kinds/kinds.ts';
import { seemsUnclaimed } from '../../../src/kinds/unsupportedKinds.ts';
import type { PodFacts, PodOwner, PodSample, Workload } from '../../../src/model.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { evaluate } from '../../../src/plan/evaluate.ts';
import { ROLLOUTS_HASH } from '../../../src/pods/podFields.ts';
import { type Row, rowsOf } from '../../../src/report/row.ts';
import { askedBy } from '../../builders/injectors.ts';
import { NOTHING_JOURNALLED } from '../../builders/journal.ts';
import { context, POLICY } from '../../builders/policy.ts';
import {
  complete,
  entry,
  expected,
  group,
  injection,
  NO_SIDECAR,
  NOW,
  pod,
  sidecar,
  workload,
} from '../../builders/workload.ts';

const ENABLED = { 'istio-injection': 'enabled' };
const mesh: Mesh = {
  injections: [injection({ entry: entry({ namespaceSelector: { matchLabels: ENABLED } }) })],
  namespaces: new Map([
    ['shop', { labels: ENABLED, annotations: {} }],
    ['out', { labels: {}, annotations: {} }],
  ]),
};
const SAMPLE: PodSample = { labels: { app: 'x' }, annotations: {}, hostNetwork: false, isOverridden: false };
const CURRENT = sidecar({ image: expected().image });
const FLOCK = 'farm.example/v1';

let count = 0;
/** A pod of this owner, with an old sidecar unless said otherwise. */
function podOf(owner: Partial<PodOwner> | undefined, given: Partial<PodFacts> = {}): PodFacts {
  count += 1;
  const { owner: _none, ...bare } = pod(workload(), { name: `pod-${count}`, uid: `pod-${count}` });
  const full = owner && { apiVersion: FLOCK, kind: 'Flock', name: 'sheep', uid: 'sheep', ...owner };
  return { ...bare, ...(full && { owner: full }), sample: SAMPLE, ...given };
}

const job = (name: string): PodOwner => ({ apiVersion: 'batch/v1', kind: 'Job', name, uid: name });
const flock = (name: string): PodOwner => ({ apiVersion: FLOCK, kind: 'Flock', name, uid: name });
const nightly: PodOwner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'nightly' };
const replicaSet: PodOwner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'rs' };
const forbidden = (): never => {
  throw statusError({ method: 'GET', path: '/apis' }, { code: 403, reason: 'Forbidden', message: 'no role' });
};

const failing = (): never => {
  throw statusError({ method: 'GET', path: '/apis' }, { code: 500, message: 'etcdserver: request timed out' });
};

interface Given {
  readonly workloads?: readonly Workload[];
  readonly owners?: Readonly<Record<string, OwnerFacts | (() => OwnerFacts)>>;
  readonly answer?: Answer;
  /** The kinds of the policy. */
  readonly kinds?: readonly string[];
  /** Kinds whose lists are refused, though they are served. */
  readonly unlisted?: readonly string[];
  /** What the read of one workload throws. */
  readonly read?: () => never;
}

/** Scans such a cluster so often. */
async function scan(pods: readonly PodFacts[], given: Given = {}, times = 1) {
  const { workloads = [], owners = {}, answer, kinds = WORKLOAD_KINDS, unlisted = [], read = forbidden } = given;
  const reads: string[] = [];
  const questions: Question[] = [];
  const unread: string[] = [];
  const cluster: Partial<Cluster> = {
    workloads: async (kind) => (unlisted.includes(kind) ? forbidden() : workloads.filter((one) => one.kind === kind)),
    workload: async () => read(),
    canaries: async () => [],
    serves: async () => true,
    pods: async function* () {
      yield [...pods];
    },
    budgets: async () => [],
    owner: async (_namespace, { uid }) => {
      reads.push(uid);
      const facts = owners[uid];
      return typeof facts === 'function' ? facts() : facts;
    },
  };
  const ask = async (asked: Question): Promise<Answer> => {
    questions.push(asked);
    return answer ?? { kind: 'sidecar', sidecar: expected() };
  };
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors: askedBy({ ask }),
    journal: NOTHING_JOURNALLED,
    policy: () => ({ ...POLICY, kinds: new Set(kinds) }),
    onUnreadOwner: (kind) => unread.push(kind),
  });
  let rows: Row[] = [];
  for (let time = 0; time < times; time++) {
    const seen = await observer.scan(mesh, undefined, new AbortController().signal);
    const observations = await observer.answerAll(mesh, [...seen.values()]);
    rows = rowsOf(evaluate({ mesh, observations, learnt: () => [], context: context() }));
  }
  return { rows, reads, questions, unread };
}

/** What is listed, as `KIND/NAME outdated/all: reason`. */
const listed = (rows: readonly Row[]): string[] =>
  rows.map(({ kind, name, verdict, outdatedPods = 0, pods = 0, reason }) =>
    `${kind}/${name} ${outdatedPods}/${pods} ${verdict} ${reason}`.trim(),
  );

const roots: [what: string, pods: PodFacts[], given: Given, listed: string[]][] = [
  ['a bare pod is listed as itself', [podOf(undefined, { name: 'alone' })], {}, ['Pod/alone 1/1 skipped unsupported']],
  [
    "a static pod's mirror, too",
    [podOf({ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n' }, { name: 'etcd-n' })],
    {},
    ['Pod/etcd-n 1/1 skipped unsupported'],
  ],
  ['a Job', [podOf(job('long'))], { owners: { long: {} } }, ['Job/long 1/1 skipped unsupported']],
  [
    "a CronJob's Jobs, together under the CronJob",
    [podOf(job('a')), podOf(job('b')), podOf(job('b'), { sidecar: CURRENT })],
    { owners: { a: { owner: nightly }, b: { owner: nightly } } },
    ['CronJob/nightly 2/3 skipped unsupported'],
  ],
  [
    'an object of any other kind, with its group',
    [podOf({})],
    {},
    ['Flock.farm.example/sheep 1/1 skipped unsupported'],
  ],
  [
    'a chain, up to its root',
    [podOf({})],
    { owners: { sheep: { owner: flock('b') }, b: { owner: flock('c') } } },
    ['Flock.farm.example/c 1/1 skipped unsupported'],
  ],
  [
    'what may not be read, as what the pod names',
    [podOf({})],
    { owners: { sheep: forbidden } },
    ['Flock.farm.example/sheep 1/1 skipped unsupported'],
  ],
  [
    'a chain that goes in a circle ends',
    [podOf({ name: 'a', uid: 'a' })],
    {
      owners: {
        a: { owner: flock('b') },
        b: { owner: flock('c') },
        c: { owner: flock('d') },
        d: { owner: flock('a') },
      },
    },
    ['Flock.farm.example/d 1/1 skipped unsupported'],
  ],
  [
    'a chain without end ends',
    [podOf({ uid: '0' })],
    { owners: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}`, { owner: flock(`${n + 1}`) }])) },
    ['Flock.farm.example/5 1/1 skipped unsupported'],
  ],
  [
    'an owner with the name of a supported kind is told from it by its group',
    [podOf({ apiVersion: 'evil.example/v1', kind: 'Deployment', name: 'web', uid: 'evil' })],
    { workloads: [workload({ rollout: complete(0) })] },
    ['Deployment.evil.example/web 1/1 skipped unsupported', 'Deployment/web 0/0 skipped scaled-to-zero'],
  ],
  [
    'a reference that can name no object is none',
    [podOf({ kind: 'Deployment/other/web' }, { name: 'a' }), podOf({ name: '../../secrets' }, { name: 'b' })],
    {},
    ['Pod/a 1/1 skipped unsupported', 'Pod/b 1/1 skipped unsupported'],
  ],
  [
    'a chain ends before what can name no object',
    [podOf({})],
    { owners: { sheep: { owner: { ...flock('x'), kind: 'Deployment/shop/web' } } } },
    ['Flock.farm.example/sheep 1/1 skipped unsupported'],
  ],
  [
    "another namespace's owner is not taken over by its UID",
    [podOf({ uid: 'long' }, { namespace: 'out' }), podOf(job('long'))],
    { owners: { long: { owner: nightly } } },
    ['CronJob/nightly 0/0 skipped orphaned', 'CronJob/nightly 1/1 skipped unsupported'],
  ],
  [
    'a ReplicaSet of a Deployment that is too new for the list is not listed',
    [podOf(replicaSet)],
    { owners: { rs: { owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'new' } } } },
    [],
  ],
  [
    'a ReplicaSet without a Deployment that may not be read',
    [podOf(replicaSet)],
    { owners: { rs: {} } },
    ['ReplicaSet/web-1 1/1 skipped unsupported'],
  ],
  [
    '… and one whose read fails: it may be restarted, and its wave waits for it',
    [podOf(replicaSet)],
    { owners: { rs: {} }, read: failing },
    ['ReplicaSet/web-1 0/0 unknown not-read'],
  ],
  ['a StatefulSet that is too new is not listed', [podOf({ apiVersion: 'apps/v1', kind: 'StatefulSet' })], {}, []],
];
for (const [what, pods, given, expectedRows] of roots)
  test(`pods that no workload claims: ${what}`, async () =>
    assert.deepEqual(listed((await scan(pods, given)).rows), expectedRows));

const refused: Answer = { kind: 'unknown', reason: { code: 'injector-refused', detail: 'no' } };
const judged: [what: string, pods: PodFacts[], answer: Answer | undefined, listed: string[], detail: RegExp][] = [
  [
    'outdated',
    [podOf(job('j'))],
    undefined,
    ['Job/j 1/1 skipped unsupported'],
    /^Job: 1 of 1 pods are outdated; it ends/,
  ],
  [
    'current',
    [podOf(job('j'), { sidecar: CURRENT })],
    undefined,
    ['Job/j 0/0 skipped unsupported'],
    /^Job: 1 of 1 pods are current$/,
  ],
  [
    'missing where it would be injected',
    [podOf(job('j'), { sidecar: NO_SIDECAR })],
    undefined,
    ['Job/j 1/1 skipped unsupported'],
    /outdated/,
  ],
  ['not given any more', [podOf(job('j'))], { kind: 'no-sidecar' }, ['Job/j 0/0 skipped orphaned'], /would not inject/],
  [
    'not wanted',
    [podOf(job('j'), { sidecar: NO_SIDECAR })],
    { kind: 'no-sidecar' },
    ['Job/j 0/0 skipped injector-declines'],
    /./,
  ],
  ['without an answer', [podOf(job('j'))], refused, ['Job/j 0/0 skipped unsupported'], /is not known: no$/],
  [
    'changed by its author',
    [podOf(job('j'), { sample: { ...SAMPLE, isOverridden: true } })],
    undefined,
    ['Job/j 0/0 skipped unsupported'],
    /is not known: the pods set the container istio-proxy themselves/,
  ],
  [
    'outside the mesh, without a sidecar',
    [podOf(undefined, { namespace: 'out', sidecar: NO_SIDECAR })],
    undefined,
    [],
    /$/,
  ],
  [
    'outside the mesh, with a sidecar',
    [podOf(job('j'), { namespace: 'out' })],
    undefined,
    ['Job/j 0/0 skipped orphaned'],
    /./,
  ],
  ['ended', [podOf(job('j'), { phase: 'Succeeded' })], undefined, [], /$/],
];
for (const [what, pods, answer, expectedRows, detail] of judged)
  test(`the sidecar of a pod that no workload claims is ${what}`, async () => {
    const { rows } = await scan(pods, answer ? { answer } : {});
    assert.deepEqual(listed(rows), expectedRows);
    assert.match(rows[0]?.detail ?? '', detail);
  });

test('a Job with a deadline says when it ends at the latest, several say when the last does', async () => {
  const owners = { a: { owner: nightly, endsAt: NOW }, b: { owner: nightly, endsAt: NOW + 60_000 } };
  const { rows } = await scan([podOf(job('a')), podOf(job('b'))], { owners });
  assert.match(rows[0]?.detail ?? '', /at the latest at 2026-01-01T00:01:00Z$/);
});

test('what could not be read again stays listed, and is not judged', () => {
  const one = { ...workload({ kind: 'Job' }), unsupported: {} };
  const seen = { workload: one, templateHash: '', groups: [group()], onLostNodes: 0, budgets: [], unread: 'no role' };
  const match = { kind: 'entry', entry: injection() } as const;
  const { items } = evaluate({ mesh, observations: [{ ...seen, match }], learnt: () => [], context: context() });
  const [row] = rowsOf({ items });
  assert.deepEqual(
    [row?.verdict, row?.reason, row?.detail],
    ['skipped', 'unsupported', 'Job: whether its 3 pods are outdated is not known: no role'],
  );
});

test('500 pods of 50 owners cost a read for each owner, and none in the next scan', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
  const pods = names.flatMap((name) => Array.from({ length: 10 }, () => podOf({ name, uid: name })));
  const owners = Object.fromEntries(names.map((name) => [name, {}]));
  const { reads, rows } = await scan(pods, { owners }, 2);
  assert.deepEqual([rows.length, reads.length, new Set(reads).size], [50, 50, 50]);
});

test('a kind that may not be read is not asked for again in the same scan, and said once', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
  const owners = Object.fromEntries(names.map((name) => [name, forbidden]));
  const { reads, unread, rows } = await scan(
    names.map((name) => podOf({ name, uid: name })),
    { owners },
    2,
  );
  assert.equal(rows.length, 50);
  assert.deepEqual(unread, ['Flock.farm.example']);
  // as many as are read at the same time
  assert.ok(reads.length <= 8, `${reads.length} reads`);
});

test('without such pods no owner is read', async () => {
  const one = workload({ kind: 'StatefulSet', uid: 'u' });
  const claimed = podOf({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u' });
  const outside = podOf(job('j'), { namespace: 'out', sidecar: NO_SIDECAR });
  assert.deepEqual((await scan([claimed, outside], { workloads: [one] })).reads, []);
});

test('a question has labels and annotations of a pod, and nothing of its containers', async () => {
  const sample = { ...SAMPLE, annotations: { 'sidecar.istio.io/proxyImage': 'mine' }, hostNetwork: true };
  const { questions } = await scan([podOf(job('j'), { sample })]);
  assert.deepEqual(questions[0]?.template, {
    labels: SAMPLE.labels,
    annotations: sample.annotations,
    spec: { hostNetwork: true, containers: [{ name: 'app', image: 'app' }] },
  });
});

const ofKinds = (name: string, apiVersion: string, kind: string) => ({
  pods: [podOf(replicaSet, { templateHash: '1', ...(kind === 'Rollout' && { hashLabel: ROLLOUTS_HASH }) })],
  owners: { rs: { owner: { apiVersion, kind, name, uid: name } } },
});
const rolloutPods = ofKinds('web', 'argoproj.io/v1alpha1', 'Rollout');
const deploymentPods = ofKinds('web', 'apps/v1', 'Deployment');
const unseen: [what: string, of: typeof rolloutPods, given: Given, listed: string[]][] = [
  ['a Rollout that is too new for the list is not listed', rolloutPods, {}, []],
  [
    'a Rollout is listed if the policy leaves its kind out',
    rolloutPods,
    { kinds: ['Deployment'] },
    ['Rollout.argoproj.io/web 1/1 skipped unsupported'],
  ],
  [
    'a Rollout is listed if Meltemi may not list its kind',
    rolloutPods,
    { unlisted: ['Rollout'] },
    ['Rollout.argoproj.io/web 1/1 skipped unsupported'],
  ],
  [
    'a Deployment is listed if the policy leaves its kind out',
    deploymentPods,
    { kinds: ['StatefulSet'] },
    ['Deployment.apps/web 1/1 skipped unsupported'],
  ],
];
for (const [what, { pods, owners }, given, expectation] of unseen)
  test(`pods of ${what}`, async () =>
    assert.deepEqual(listed((await scan(pods, { owners, ...given })).rows), expectation));

type Hash = Pick<PodFacts, 'templateHash' | 'hashLabel'>;
const NO_HASH: Hash = { templateHash: '' };
const CERTAIN = new Set(['Deployment', 'DaemonSet']);
const claims: [what: string, owner: PodOwner | undefined, hash: Hash, isSampled: boolean][] = [
  ['no owner', undefined, NO_HASH, true],
  ['a DaemonSet', { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'a', uid: 'u' }, NO_HASH, false],
  [
    'a StatefulSet that is not listed',
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'a', uid: 'u' },
    NO_HASH,
    true,
  ],
  ['a ReplicaSet of a Deployment', replicaSet, { templateHash: '5d4f' }, false],
  ['a ReplicaSet of a Rollout', replicaSet, { templateHash: '5d4f', hashLabel: ROLLOUTS_HASH }, true],
  ['a ReplicaSet of something else', replicaSet, NO_HASH, true],
  ['a Job', job('a'), NO_HASH, true],
  [
    'a DaemonSet of another group',
    { apiVersion: 'x.example/v1', kind: 'DaemonSet', name: 'a', uid: 'u' },
    NO_HASH,
    true,
  ],
];
for (const [what, owner, hash, isSampled] of claims)
  test(`labels of pods of ${what} are ${isSampled ? '' : 'not '}kept`, () =>
    assert.equal(seemsUnclaimed(owner, hash, CERTAIN), isSampled));
