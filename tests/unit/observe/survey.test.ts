import assert from 'node:assert/strict';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { PodGroup } from '../../../src/compare/podGroups.ts';
import { type Budget, keyOf, type Workload } from '../../../src/model.ts';
import type { Claim } from '../../../src/observe/claims.ts';
import type { Observed } from '../../../src/observe/observed.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { survey } from '../../../src/observe/survey.ts';
import { askedBy } from '../../builders/injectors.ts';
import { NOTHING_JOURNALLED } from '../../builders/journal.ts';
import { policy } from '../../builders/policy.ts';
import { expected, workload } from '../../builders/workload.ts';

const SIGNAL = new AbortController().signal;
const web = workload({ resourceVersion: '7' });
const budget: Budget = { namespace: 'shop', name: 'pdb', selector: {}, allowed: 0, detail: '3 pods healthy, 3 wanted' };
const group: PodGroup = {
  sidecar: { placement: 'container', image: 'proxyv2:1', revision: '', injected: true },
  templateHash: '',
  ready: true,
  count: 1,
  youngest: 0,
};

const seenAs = (of: Workload, more: Partial<Observed> = {}): Observed => ({
  workload: of,
  templateHash: 'x',
  groups: [group],
  onLostNodes: 0,
  budgets: [],
  ...more,
});

interface Now {
  readonly workloads?: readonly Workload[];
  readonly budgets?: readonly Budget[];
  readonly claim?: Claim;
}

async function isUnchanged(one: Observed, { workloads = [web], budgets = [], claim = {} }: Now = {}) {
  const listed: string[] = [];
  const read = {
    cluster: {
      versions: async (kind: string) => {
        listed.push(kind);
        return new Map(
          workloads.filter((other) => other.kind === kind).map((other) => [keyOf(other), other.resourceVersion]),
        );
      },
    },
    budgets: async () => budgets,
    claims: async () => () => claim,
  };
  const unchanged = await survey(read, [one], undefined, SIGNAL);
  return { unchanged: unchanged.has(keyOf(one.workload)), listed };
}

const lent: Partial<Workload> = { templateFrom: { kind: 'Deployment', name: 'web' }, templateVersion: '7' };
const rollout = workload({ kind: 'Rollout', name: 'web', resourceVersion: '3', ...lent });
const daemonSet = workload({ kind: 'DaemonSet', resourceVersion: '7' });

test.each<[string, Observed, Now, boolean]>([
  ['the same version, budgets and claims', seenAs(web), {}, true],
  ['another version', seenAs(web), { workloads: [{ ...web, resourceVersion: '8' }] }, false],
  ['a workload that is gone', seenAs(web), { workloads: [] }, false],
  ['a workload without a version', seenAs({ ...web, resourceVersion: '' }), {}, false],
  ['a budget that is as before', seenAs(web, { budgets: [budget] }), { budgets: [budget] }, true],
  ['a budget that now allows one', seenAs(web, { budgets: [budget] }), { budgets: [{ ...budget, allowed: 1 }] }, false],
  ['a budget that is new', seenAs(web), { budgets: [budget] }, false],
  ['a budget that is gone', seenAs(web, { budgets: [budget] }), {}, false],
  ['a budget elsewhere', seenAs(web), { budgets: [{ ...budget, namespace: 'bank' }] }, true],
  ['a template that a Rollout takes now', seenAs(web), { claim: { scaledBy: 'Rollout web' } }, false],
  ['a template that a Rollout still takes', seenAs(web, { scaledBy: 'a' }), { claim: { scaledBy: 'a' } }, true],
  ['a borrowed template of the same version', seenAs(rollout), { workloads: [rollout, web] }, true],
  [
    'a borrowed template of another version',
    seenAs(rollout),
    { workloads: [rollout, { ...web, resourceVersion: '8' }] },
    false,
  ],
  ['pods that ask not to be disrupted', seenAs(web, { groups: [{ ...group, doNotDisrupt: 'karpenter' }] }), {}, false],
  ['a DaemonSet, whose nodes may be lost', seenAs(daemonSet), { workloads: [daemonSet] }, false],
  ['what could not be read', seenAs(web, { unread: 'why' }), {}, false],
])('%s', async (_name, seen, now, expected) => {
  assert.equal((await isUnchanged(seen, now)).unchanged, expected);
});

test('nothing is listed where lists cannot tell', async () => {
  assert.deepEqual((await isUnchanged(seenAs(daemonSet))).listed, []);
});

test('a scan that surveys rest on lists no pods before all workloads are listed, in whatever order answers come', async () => {
  const order: string[] = [];
  const cluster: Partial<Cluster> = {
    workloads: async (kind) => {
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      order.push(kind);
      return [];
    },
    // biome-ignore lint/correctness/useYield: there are no pods
    pods: async function* () {
      order.push('pods');
    },
    budgets: async () => [],
    canaries: async () => [],
    serves: async () => true,
  };
  const observer = new Observer({
    cluster: cluster as Cluster,
    injectors: askedBy({ ask: async () => ({ kind: 'sidecar', sidecar: expected() }) }),
    journal: NOTHING_JOURNALLED,
    policy: () => policy(),
    podsLast: true,
  });
  await observer.scan({ injections: [], namespaces: new Map() }, undefined, SIGNAL);
  assert.equal(order.indexOf('pods'), order.length - 1, order.join());
  assert.ok(order.length > 3);
});
