import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Injectors, Question } from '../../src/expect/injectors.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { keyOf, type NamespaceFacts, NO_NAMESPACE, type PodFacts } from '../../src/model.ts';
import { questionOf, Survey } from '../../src/survey.ts';
import { POLICY } from '../builders/policy.ts';
import { entry, expected, group, injection, NOW, sidecar, workload } from '../builders/workload.ts';

const ENABLED = { 'istio-injection': 'enabled' };
const enabled = injection({ entry: entry({ namespaceSelector: { matchLabels: ENABLED } }) });
const unlabelled = injection({
  entry: entry({ namespaceSelector: { matchExpressions: [{ key: 'istio-injection', operator: 'DoesNotExist' }] } }),
});

/** The verdict on outdated pods of namespace `shop`, and how many questions were put for it. */
async function judged(mesh: Mesh): Promise<[verdict: string, questions: number]> {
  const questions: Question[] = [];
  const injectors = {
    ask: async (asked: Question) => {
      questions.push(asked);
      return { kind: 'sidecar', sidecar: expected() };
    },
  } as unknown as Injectors;
  const survey = new Survey({ cluster: {} as Cluster, injectors, policy: () => POLICY });
  const { verdict } = await survey.judge(mesh, {
    workload: workload(),
    templateHash: 'h',
    groups: [group()],
    stranded: 0,
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
    assert.deepEqual(await judged({ injections, namespaces }), [verdict, questions]));
}

test('an answer is asked for anew where a ProxyConfig of its namespace has changed, and only there', () => {
  const facts = (name: string, proxyConfigs?: string): [string, NamespaceFacts] => [
    name,
    { ...NO_NAMESPACE, labels: ENABLED, ...(proxyConfigs && { proxyConfigs }) },
  ];
  const hash = (shop?: string, bank?: string) =>
    questionOf(
      { injections: [enabled], namespaces: new Map([facts('shop', shop), facts('bank', bank)]) },
      { workload: workload(), templateHash: 'h' },
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
    lostNodes: async (names) => new Set(names.filter((name) => lost.includes(name))),
  };
  const survey = new Survey({ cluster: cluster as Cluster, injectors: {} as Injectors, policy: () => POLICY });
  const mesh = { injections: [], namespaces: new Map() };
  const seen = await survey.scan(mesh, undefined, new AbortController().signal);
  const { stranded, groups } = seen.get(keyOf(agent)) ?? { stranded: -1, groups: [] };
  return { stranded, pods: groups.reduce((sum, { count }) => sum + count, 0) };
}

const daemons: [string, PodFacts[], string[], { stranded: number; pods: number }][] = [
  ['all pods are ready', [pod('a', true), pod('b', true)], [], { stranded: 0, pods: 2 }],
  ['a pod on a lost node is set apart', [pod('a', true), pod('b', false)], ['b'], { stranded: 1, pods: 1 }],
  ['a pod that is not ready on a node that is', [pod('a', true), pod('b', false)], [], { stranded: 0, pods: 2 }],
];
for (const [what, pods, lost, expected] of daemons)
  test(`a scan of a DaemonSet: ${what}`, async () => assert.deepEqual(await scanned(pods, lost), expected));
