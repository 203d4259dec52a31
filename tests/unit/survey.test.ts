import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Injectors, Question } from '../../src/expect/injectors.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { type NamespaceFacts, NO_NAMESPACE } from '../../src/model.ts';
import { Survey } from '../../src/survey.ts';
import { POLICY } from '../builders/policy.ts';
import { entry, expected, group, injection, workload } from '../builders/workload.ts';

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
