import assert from 'node:assert/strict';
import type { Unsupported } from '../../../src/model.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import type { Plan, Planned } from '../../../src/plan/plan.ts';
import { reason } from '../../../src/reasons.ts';
import { explanation } from '../../../src/report/explanation.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { planTable } from '../../../src/report/planTable.ts';
import { rowOf, rowsOf } from '../../../src/report/row.ts';
import { WorkloadCounts } from '../../../src/report/workloadCounts.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { assessed, outdated } from '../../builders/workload.ts';

const why = reason('unsupported', 'Job: 2 of 3 pods are outdated; it ends by itself');

/** An owner that cannot be restarted, with so many outdated pods. */
function listed(kind: string, name: string, outdatedPods?: number, unsupported: Unsupported = {}): Planned {
  const is = outdated({ outdatedPods: outdatedPods ?? 0, pods: 3 });
  const verdict =
    is.state === 'outdated' && outdatedPods !== undefined ? { ...is, state: 'skipped', reason: why } : undefined;
  const one = assessed(
    { kind, name, unsupported },
    (verdict as Assessed['verdict']) ?? { state: 'skipped', reason: why },
  );
  return { ...one, step: { action: 'none' } };
}

const lastLine = (items: Plan['items']): string | undefined =>
  planTable(rowsOf({ items }), { colour: false, all: false }).trimEnd().split('\n').at(-1);

const lines: [what: string, items: Plan['items'], line: string][] = [
  [
    'says how many pods of which kinds are outdated',
    [listed('Job', 'a', 2), listed('Job', 'b', 3), listed('Pod', 'c', 1), listed('CronJob', 'd')],
    '6 pods of 3 workloads are outdated and not restarted, because Meltemi cannot restart their kind: 2 Job, 1 Pod',
  ],
  [
    'speaks of one pod as one',
    [listed('Pod', 'c', 1)],
    '1 pod of 1 workload is outdated and not restarted, because Meltemi cannot restart their kind: 1 Pod',
  ],
  ['is the sum of verdicts where none is outdated', [listed('CronJob', 'd')], '1 skipped'],
  [
    'names ten kinds',
    Array.from({ length: 20 }, (_, index) => listed(`K${index}.x`, 'a', 1)),
    '20 pods of 20 workloads are outdated and not restarted, because Meltemi cannot restart their kind: ' +
      '1 K0.x, 1 K1.x, 1 K10.x, 1 K11.x, 1 K12.x, 1 K13.x, 1 K14.x, 1 K15.x, 1 K16.x, 1 K17.x, and others',
  ],
];
for (const [what, items, line] of lines)
  test(`the last line of a plan ${what}`, () => assert.equal(lastLine(items), line));

const NOBODY = { injections: [], namespaces: new Map() };
const RULES = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };

test('an explanation says what one can do about outdated pods that cannot be restarted', () => {
  const one = listed('Job', 'a', 2);
  const text = explanation({ assessed: one, mesh: NOBODY, row: rowOf(one), rules: RULES });
  assert.match(text, /a pod with the labels and annotations of one of its pods\?/);
  assert.match(text, /\nWhat you can do\n {2}Meltemi does not restart owners of this kind\.\n {2}Wait until it ends\./);
  const current = listed('Job', 'a');
  const other = explanation({ assessed: current, mesh: NOBODY, row: rowOf(current), rules: RULES });
  assert.doesNotMatch(other, /What you can do/);
});

test('outdated pods are counted by the kind of their owner, and those of all custom resources together', async () => {
  const metrics = new Metrics('0.0.0');
  const counts = new WorkloadCounts(metrics);
  const items = [
    listed('Job', 'a', 2),
    listed('Job', 'b', 1),
    listed('Kafka.x', 'c', 3),
    listed('Flock.y', 'd', 1),
    listed('Pod', 'e'),
  ];
  counts.evaluated(evaluation(items));
  const count = async (kind: string) =>
    new RegExp(`^meltemi_unsupported_outdated_pods\\{kind="${kind}"\\} (\\d+)$`, 'm').exec(
      await metrics.registry.metrics(),
    )?.[1];
  assert.deepEqual(
    [await count('Job'), await count('other'), await count('Pod'), await count('Kafka.x')],
    ['3', '4', '0', undefined],
  );
  counts.evaluated(evaluation([]));
  assert.equal(await count('Job'), '0');
  metrics.leads(false);
  assert.equal(await count('Job'), undefined);
});

test('who must not be disrupted is marked in the row and in the table', () => {
  const { groups } = assessed();
  const asking = groups.map((group) => ({ ...group, count: 2, doNotDisrupt: 'karpenter.sh/do-not-disrupt: "true"' }));
  const one: Planned = { ...assessed(), groups: asking, step: { action: 'restart' } };
  const words = '2 of its pods have karpenter.sh/do-not-disrupt: "true"';
  assert.equal(rowOf(one).doNotDisrupt, words);
  const table = planTable([rowOf(one)], { colour: false, all: false });
  assert.match(table, /restart \(image\); 2 of its pods have karpenter\.sh\/do-not-disrupt: "true"\n/);
});
