import assert from 'node:assert/strict';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { plan } from '../../../src/plan/plan.ts';
import { explanation } from '../../../src/report/explanation.ts';
import { planTable } from '../../../src/report/planTable.ts';
import { rowsOf } from '../../../src/report/row.ts';
import { waveWords } from '../../../src/report/waveWords.ts';
import { journalled, journalOf, restarted } from '../../builders/journal.ts';
import { context, policy } from '../../builders/policy.ts';
import { wave } from '../../builders/waves.ts';
import { assessed, entry, expected, injection, MINUTE, NOW } from '../../builders/workload.ts';

const done = journalled(
  restarted(11 * MINUTE, 'verified', { endedAt: NOW - 10 * MINUTE }),
  { namespace: 'dev' },
  { state: 'current', expected: expected(), drifts: [] },
);
const waves = [wave('dev', { bake: 30 * MINUTE }), wave('test')];
const made = (all: readonly Assessed[]) => plan(all, context({ policy: policy({ waves }), journal: journalOf(all) }));
const job = assessed({ kind: 'Job', namespace: 'dev', name: 'nightly', unsupported: {} }, done.verdict);

test('the table has a heading for each wave, with its state and what it waits for', () => {
  const planned = made([done, assessed({ namespace: 'shop' }), assessed({ namespace: 'test' }), job]);
  const text = planTable(rowsOf(planned), { colour: false, all: true, waves: waveWords(planned) });
  assert.deepEqual(
    text.split('\n').map((line) => line.replace(/ {2,}.*/, '')),
    [
      '#',
      '',
      'wave dev: baking, 1 of 1 current: its bake has not passed since its last restart ended (until 2026-01-01T00:20:00Z)',
      '',
      '',
      'wave test: waiting, 0 of 1 current: it waits for wave dev',
      '',
      '',
      'wave rest: waiting, 0 of 1 current: it waits for wave dev',
      '',
      '',
      'in no wave, because Meltemi does not restart it',
      '',
      '',
      '2 outdated, 2 current',
      '',
    ],
  );
  const order = [...text.matchAll(/(dev|test|shop) +(Deployment|Job)/g)].map(([, namespace]) => namespace);
  assert.deepEqual(order, ['dev', 'test', 'shop', 'dev']);
});

test('a wave without workloads has nothing to restart', () => {
  const words = waveWords(made([done]));
  assert.deepEqual(
    words.map(({ name, lines }) => `${name}: ${lines.join()}`),
    [
      'dev: baking, 1 of 1 current: its bake has not passed since its last restart ended (until 2026-01-01T00:20:00Z)',
      'test: nothing to restart',
      'rest: nothing to restart',
    ],
  );
});

test('where two runs have something in a wave, each has its line', () => {
  const other = injection({ run: 'other', entry: entry({ revision: 'canary' }) });
  const words = waveWords(made([done, { ...assessed({ namespace: 'dev', name: 'b' }), injection: other }]));
  assert.deepEqual(words[0]?.lines, [
    'baking, 1 of 1 current: its bake has not passed since its last restart ended (until 2026-01-01T00:20:00Z) (revision default)',
    'running, 0 of 1 current: 1 of 1 workloads is left: see Deployment dev/b (revision canary)',
  ]);
});

test('without waves in the policy the table is as it was, and rows name none', () => {
  const all = [assessed({ namespace: 'shop' })];
  const planned = plan(all, context());
  const [row] = rowsOf(planned);
  assert.ok(row && !('wave' in row));
  assert.doesNotMatch(planTable([row], { colour: false, all: true }), /wave/);
});

test('an explanation names the wave, and how far it and those before it are', () => {
  const planned = made([done, assessed({ namespace: 'test' }), assessed({ namespace: 'shop' })]);
  const one = planned.items.find(({ workload }) => workload.namespace === 'test');
  const row = rowsOf(planned).find(({ namespace }) => namespace === 'test');
  assert.ok(one && row);
  const mesh = { injections: [], namespaces: new Map() };
  const rules = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };
  const text = explanation({ assessed: one, mesh, row, rules, waves: waveWords(planned) });
  const section = text.slice(text.indexOf('Wave test')).trimEnd().split('\n');
  assert.deepEqual(section, [
    'Wave test',
    '  dev: baking, 1 of 1 current: its bake has not passed since its last restart ended (until 2026-01-01T00:20:00Z)',
    '  test: waiting, 0 of 1 current: it waits for wave dev',
  ]);
});
