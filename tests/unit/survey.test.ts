import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Injectors } from '../../src/expect/injectors.ts';
import { keyOf, type PodFacts } from '../../src/model.ts';
import { Survey } from '../../src/survey.ts';
import { POLICY } from '../builders/policy.ts';
import { NOW, sidecar, workload } from '../builders/workload.ts';

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
    lostNodes: async (names) => new Set(names.filter((name) => lost.includes(name))),
  };
  const survey = new Survey({
    cluster: cluster as Cluster,
    injectors: {} as Injectors,
    rules: POLICY,
    skipNamespaces: new Set(),
  });
  const mesh = { injections: [], namespaces: new Map() };
  const seen = await survey.scan(mesh, undefined, new AbortController().signal);
  const { stranded, groups } = seen.get(keyOf(agent)) ?? { stranded: -1, groups: [] };
  return { stranded, pods: groups.reduce((sum, { count }) => sum + count, 0) };
}

const rows: [string, PodFacts[], string[], { stranded: number; pods: number }][] = [
  ['all pods are ready', [pod('a', true), pod('b', true)], [], { stranded: 0, pods: 2 }],
  ['a pod on a lost node is set apart', [pod('a', true), pod('b', false)], ['b'], { stranded: 1, pods: 1 }],
  ['a pod that is not ready on a node that is', [pod('a', true), pod('b', false)], [], { stranded: 0, pods: 2 }],
];
for (const [what, pods, lost, expected] of rows)
  test(`a scan of a DaemonSet: ${what}`, async () => assert.deepEqual(await scanned(pods, lost), expected));
