import assert from 'node:assert/strict';
import { statusError } from '../../../src/cluster/apiError.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { type Canary, keyOf, type PodFacts, type Workload } from '../../../src/model.ts';
import type { Observed } from '../../../src/observe/observed.ts';
import { Observer } from '../../../src/observe/observer.ts';
import type { Policy } from '../../../src/plan/policy.ts';
import { askedBy } from '../../builders/injectors.ts';
import { NOTHING_JOURNALLED } from '../../builders/journal.ts';
import { policy } from '../../builders/policy.ts';
import { complete, entry, expected, injection, pod, workload } from '../../builders/workload.ts';

const web = workload({ uid: 'web', rollout: complete(1) });
const lender = workload({ name: 'lent', uid: 'lent', resourceVersion: '5', rollout: complete(0) });
const borrower = workload({
  kind: 'Rollout',
  name: 'lent',
  uid: 'borrower',
  strategy: 'canary',
  selector: {},
  rollout: complete(1),
  template: { labels: {}, annotations: {}, spec: {} },
  templateFrom: { kind: 'Deployment', name: 'lent' },
});
const canary: Canary = { namespace: 'shop', name: 'web', target: { kind: 'Deployment', name: 'web' }, phase: 'Failed' };
const ofReplicaSet = (of: Workload, label?: string): PodFacts => ({
  ...pod(of),
  owner: { kind: 'ReplicaSet', name: `${of.name}-1`, uid: `${of.uid}-rs` },
  templateHash: '1',
  ...(label !== undefined && { hashLabel: label }),
});
const PODS = [ofReplicaSet(web), ofReplicaSet(borrower, 'rollouts-pod-template-hash')];

const call = { method: 'GET', path: '/apis/flagger.app/v1beta1/canaries' };
const answers = (code: number) => async (): Promise<never> => {
  throw statusError(call, { code });
};

const ROLLOUT = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };

interface Bench {
  readonly parts?: Partial<Cluster>;
  readonly workloads?: readonly Workload[];
  readonly given?: Partial<Policy>;
}

function bench({ parts = {}, workloads = [web, lender, borrower], given = {} }: Bench = {}) {
  const told: string[] = [];
  const asked: string[] = [];
  const cluster: Partial<Cluster> = {
    workloads: async (kind) => {
      asked.push(kind);
      return workloads.filter((one) => one.kind === kind);
    },
    workload: async (ref) => workloads.find((one) => keyOf(one) === keyOf(ref)),
    pods: async function* () {
      yield PODS.filter(({ owner }) => workloads.some(({ uid }) => owner?.uid === `${uid}-rs`));
    },
    podsOf: async (of) => PODS.filter(({ owner }) => owner?.uid === `${of.uid}-rs`),
    budgets: async () => [],
    owner: async (_namespace, { uid }) =>
      uid === 'borrower-rs' ? { owner: { ...ROLLOUT, name: 'lent', uid: 'borrower' } } : {},
    canaries: async () => [],
    serves: async () => true,
    ...parts,
  };
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors: askedBy({ ask: async () => ({ kind: 'sidecar', sidecar: expected() }) }),
    journal: NOTHING_JOURNALLED,
    policy: () => policy(given),
    onNotServed: (what) => told.push(`not served: ${what}`),
    onForbidden: (what) => told.push(`forbidden: ${what}`),
  });
  const mesh: Mesh = {
    injections: [injection({ entry: entry({ namespaceSelector: {} }) })],
    namespaces: new Map([['shop', { labels: {}, annotations: {} }]]),
  };
  const verdicts = async () => {
    const seen = await observer.scan(mesh, undefined, new AbortController().signal);
    const said = await Promise.all([...seen.values()].map((one) => verdictOf(one)));
    return Object.fromEntries(said);
  };
  const verdictOf = async (one: Observed) => {
    const { verdict } = await observer.assess(mesh, one);
    return [`${one.workload.kind}/${one.workload.name}`, 'reason' in verdict ? verdict.reason.code : verdict.state];
  };
  return { observer, told, asked, verdicts, verdictOf };
}

test('a Rollout has the template of its Deployment, which is not restarted; each has its own pods', async () => {
  const { verdicts, observer, verdictOf } = bench();
  const all = { 'Deployment/web': 'outdated', 'Deployment/lent': 'scaled-by-rollout', 'Rollout/lent': 'outdated' };
  assert.deepEqual(await verdicts(), all);
  for (const one of [web, lender, borrower]) {
    const [name, verdict] = await verdictOf((await observer.observe(one)) as Observed);
    assert.equal(verdict, all[name as keyof typeof all], 'alone');
  }
  const observed = await observer.observe(borrower);
  assert.deepEqual(observed?.workload.template, lender.template);
  assert.deepEqual(observed?.workload.selector, lender.selector);
});

test('a Rollout whose Deployment is gone is not judged', async () => {
  for (const name of ['lent', '']) {
    const { verdicts } = bench({ workloads: [{ ...borrower, templateFrom: { kind: 'Deployment', name } }] });
    assert.deepEqual(await verdicts(), { 'Rollout/lent': 'not-read' });
  }
});

test('a Rollout of another namespace does not claim a Deployment', async () => {
  const { verdicts } = bench({ workloads: [web, { ...borrower, namespace: 'tenant', templateFrom: web }] });
  assert.equal((await verdicts())['Deployment/web'], 'outdated');
});

test('the target of a Canary is skipped, in a scan and alone', async () => {
  const { verdicts, observer, verdictOf } = bench({ parts: { canaries: async () => [canary] } });
  assert.equal((await verdicts())['Deployment/web'], 'canary-target');
  assert.deepEqual(await verdictOf((await observer.observe(web)) as Observed), ['Deployment/web', 'canary-target']);
});

test('Canaries of another namespace say nothing', async () => {
  const { verdicts } = bench({ parts: { canaries: async () => [{ ...canary, namespace: 'tenant' }] } });
  assert.equal((await verdicts())['Deployment/web'], 'outdated');
});

test('without Flagger nothing is said, and Canaries are not asked for at single looks', async () => {
  let lists = 0;
  const canaries = () => {
    lists += 1;
    return answers(404)();
  };
  const { verdicts, observer, told } = bench({ parts: { canaries } });
  await verdicts();
  await observer.observe(web);
  assert.deepEqual([lists, told], [1, []]);
});

test('without the right to read Canaries, which is said once, their primaries tell of them', async () => {
  const owner = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name: 'web' };
  const primary = workload({ name: 'web-primary', uid: 'primary', owner, rollout: complete(0) });
  const { verdicts, observer, told, verdictOf } = bench({
    parts: { canaries: answers(403) },
    workloads: [web, primary],
  });
  await verdicts();
  assert.equal((await verdicts())['Deployment/web'], 'canary-target');
  assert.deepEqual(await verdictOf((await observer.observe(web)) as Observed), ['Deployment/web', 'canary-target']);
  assert.equal((await observer.observe(primary))?.canary?.canary.phase, undefined);
  assert.deepEqual(told, ['forbidden: canaries.flagger.app, so primaries wait']);
});

test('a look finds out that Canaries may be read again, where primaries wait for that', async () => {
  const owner = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name: 'web' };
  const primary = workload({ name: 'web-primary', uid: 'primary', owner, rollout: complete(0) });
  const elsewhere = { ...web, namespace: 'bank', uid: 'elsewhere' };
  let [code, lists]: [number | undefined, number] = [403, 0];
  const canaries = () => {
    lists += 1;
    return code === undefined ? Promise.resolve([canary]) : answers(code)();
  };
  const { verdicts, observer } = bench({ parts: { canaries }, workloads: [web, primary, elsewhere] });
  await verdicts();
  code = undefined;
  assert.equal((await observer.observe(primary))?.canary?.canary.phase, 'Failed');
  lists = 0;
  assert.ok(await observer.observe(elsewhere));
  assert.equal(lists, 0, 'not where nobody waits for it');
});

test('where Canaries may be read in one namespace only, they are read there', async () => {
  const canaries = (namespace?: string) => (namespace === 'shop' ? Promise.resolve([canary]) : answers(403)());
  const { observer, told, verdictOf } = bench({ parts: { canaries } });
  const mesh: Mesh = { injections: [injection()], namespaces: new Map() };
  const scan = (namespace: string) => observer.scan(mesh, namespace, new AbortController().signal);
  for (const namespace of ['shop', 'bank', 'shop', 'bank']) await scan(namespace);
  assert.equal((await observer.observe(web))?.canary?.role, 'target');
  assert.equal((await verdictOf((await observer.observe(web)) as Observed))[1], 'canary-target');
  assert.deepEqual(told, ['forbidden: canaries.flagger.app, so primaries wait']);
});

test('a refused API that discovery does not know is not served', async () => {
  const { verdicts, told } = bench({ parts: { canaries: answers(403), serves: async () => false } });
  assert.equal((await verdicts())['Deployment/web'], 'outdated');
  assert.deepEqual(told, []);
});

test('an API that fails otherwise ends the scan', async () => {
  const { verdicts } = bench({ parts: { canaries: answers(500) } });
  await assert.rejects(verdicts(), /500/);
});

test('an optional kind without rights is said once, and the others are judged', async () => {
  const rows = [web, lender];
  const parts: Partial<Cluster> = {
    workloads: async (kind) => (kind === 'Rollout' ? answers(403)() : rows.filter((one) => one.kind === kind)),
  };
  const { verdicts, told } = bench({ parts, workloads: rows });
  await verdicts();
  assert.equal((await verdicts())['Deployment/web'], 'outdated');
  assert.deepEqual(told, ['forbidden: rollouts.argoproj.io, so none is restarted']);
});

test('no workload is read of a kind that the policy leaves out, and its pods are listed as unsupported', async () => {
  const { verdicts, asked } = bench({ given: { kinds: new Set(['Deployment']) } });
  const { 'Rollout.argoproj.io/lent': pods, ...others } = await verdicts();
  assert.equal(pods, 'unsupported');
  assert.deepEqual(Object.keys(others), ['Deployment/web', 'Deployment/lent']);
  assert.deepEqual(asked, ['Deployment']);
});
