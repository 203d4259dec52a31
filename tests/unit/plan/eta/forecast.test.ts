import assert from 'node:assert/strict';
import type { Assessed } from '../../../../src/plan/assessed.ts';
import { forecastOf } from '../../../../src/plan/eta/forecast.ts';
import { plan } from '../../../../src/plan/plan.ts';
import type { PlanContext } from '../../../../src/plan/planContext.ts';
import { journalled, journalOf, recorded, restarted } from '../../../builders/journal.ts';
import { context, policy } from '../../../builders/policy.ts';
import { wave } from '../../../builders/waves.ts';
import { assessed, HOUR, MINUTE, NOW } from '../../../builders/workload.ts';

/** So many workloads whose restarts have always taken a minute, each in a namespace of its own. */
const minutes = (count: number, given: Parameters<typeof assessed>[0] = {}): Assessed[] =>
  Array.from({ length: count }, (_, index) =>
    assessed({
      namespace: `ns-${index}`,
      uid: `uid-${index}`,
      ...given,
      annotations: {
        ...recorded(restarted(30 * 24 * HOUR, 'verified', { durations: Array(3).fill(MINUTE) })),
        ...given.annotations,
      },
    }),
  );

const made = (all: readonly Assessed[], given: Partial<PlanContext> = {}) => {
  const at = context({ journal: journalOf(all), ...given });
  return forecastOf({ items: plan(all, at).items, context: at });
};

const quiet = { restartDelay: 0, annotationCooldown: 0, maxInFlight: 2, maxInFlightPerNamespace: 2 };
const rows: [name: string, all: readonly Assessed[], given: Partial<PlanContext>, from: number, to: number][] = [
  ['two at a time', minutes(20), { policy: policy(quiet) }, 10, 13],
  [
    'one at a time in a namespace',
    minutes(20, { namespace: 'shop' }).map((one, index) => named(one, index)),
    { policy: policy({ ...quiet, maxInFlightPerNamespace: 1 }) },
    20,
    25,
  ],
  ['a delay between two', minutes(20), { policy: policy({ ...quiet, restartDelay: 2 * MINUTE }) }, 38, 41],
  [
    'a limit of restarts per minute',
    minutes(20),
    { policy: policy({ ...quiet, maxInFlight: 20, maxRestartsPerMinute: 2 }) },
    9,
    12,
  ],
  [
    'those that were restarted a moment ago',
    [
      ...minutes(1),
      {
        ...(minutes(1)[0] as Assessed),
        workload: {
          ...(minutes(1)[0] as Assessed).workload,
          namespace: 'late',
          template: {
            labels: {},
            spec: {},
            annotations: { 'kubectl.kubernetes.io/restartedAt': '2025-12-31T23:59:00Z' },
          },
        },
      },
    ],
    { policy: policy({ ...quiet, annotationCooldown: HOUR }) },
    59,
    62,
  ],
  [
    'a restart that is under way',
    [journalled(restarted(30_000, undefined, { durations: Array(3).fill(MINUTE) }))],
    { policy: policy(quiet) },
    0.1,
    1,
  ],
  [
    'one wave after the other, with a bake',
    minutes(4),
    { policy: policy({ ...quiet, waves: [wave('ns-0', { bake: 2 * HOUR })] }) },
    122,
    125,
  ],
];

function named(one: Assessed, index: number): Assessed {
  return { ...one, workload: { ...one.workload, name: `web-${index}` } };
}

for (const [name, all, given, from, to] of rows)
  test(`what rules and limits make wait counts: ${name}`, () => {
    const { eta, leftOut, workloads } = made(all, given);
    const left = ((eta?.median ?? 0) - NOW) / MINUTE;
    assert.ok(left >= from && left <= to, `${left} min`);
    assert.ok(eta && eta.p90 >= eta.median);
    assert.deepEqual([leftOut, workloads], [[], all.length]);
  });

test('a window that opens later counts', () => {
  const days = new Set([0, 1, 2, 3, 4, 5, 6]);
  const windows = [{ name: 'nights', days, start: 22 * HOUR, end: 5 * HOUR, timeZone: 'Europe/Athens' }];
  // midnight in UTC is 02:00 in Athens: three hours are left, and what does not fit waits for 20:00 UTC
  const given = policy({ ...quiet, maxInFlight: 1, restartDelay: 20 * MINUTE, windows });
  const { eta, leftOut } = made(minutes(10), { policy: given });
  const hours = ((eta?.median ?? 0) - NOW) / HOUR;
  assert.deepEqual(leftOut, []);
  assert.ok(hours > 20 && hours < 20.5, `${hours} h`);
});

const held: [name: string, all: readonly Assessed[], given: Partial<PlanContext>, reason: string][] = [
  ['opted out', minutes(3, { annotations: { 'meltemi.dev/restart': 'false' } }), {}, 'opted-out'],
  ['paused by its people', minutes(3, { paused: true }), {}, 'paused'],
  ['a pause of Meltemi', minutes(3), { paused: 'holidays' }, 'operator-paused'],
  [
    'a spent budget',
    minutes(3, { maxUnavailable: 1 }).map((one) => ({ ...one, budgets: [spent(one.workload.namespace)] })),
    {},
    'pdb',
  ],
];

function spent(namespace: string) {
  return { namespace, name: 'budget', selector: {}, allowed: 0, detail: '' };
}

for (const [name, all, given, reason] of held)
  test(`what time does not end is left out: ${name}`, () => {
    const alone = made(all, { policy: policy(quiet), ...given });
    assert.deepEqual([alone.eta, alone.leftOut, alone.workloads], [undefined, [{ reason, workloads: 3 }], 0]);
    if (given.paused) return;
    const other = made([...all, assessed({ namespace: 'other' })], { policy: policy(quiet), ...given });
    assert.ok(other.eta, 'the others are expected all the same');
    assert.deepEqual(other.leftOut, [{ reason, workloads: 3 }]);
  });

test('a wave that waits for one that never ends is left out', () => {
  const stuck = named(assessed({ namespace: 'first', paused: false }), 0);
  const all = [
    { ...stuck, budgets: [spent('first')], workload: { ...stuck.workload, maxUnavailable: 1 } },
    ...minutes(2),
  ];
  const { eta, leftOut } = made(all, { policy: policy({ ...quiet, waves: [wave('first')] }) });
  assert.equal(eta, undefined);
  assert.deepEqual(leftOut, [
    { reason: 'wave', workloads: 2 },
    { reason: 'pdb', workloads: 1 },
  ]);
});

test('a budget that a restart under way has spent is no reason to leave others out', () => {
  const budgets = [spent('shop')];
  const flying = { ...journalled(restarted(30_000), { maxUnavailable: 1, name: 'flying' }), budgets };
  const next = { ...assessed({ maxUnavailable: 1, name: 'next' }), budgets };
  const { eta, leftOut, workloads } = made([flying, next], { policy: policy(quiet) });
  assert.deepEqual([leftOut, workloads], [[], 2]);
  assert.ok(eta && eta.median > NOW + MINUTE / 2);
});

test('each wave has its own end, in their order, and its bake counts', () => {
  const { runs } = made(minutes(4), {
    policy: policy({ ...quiet, waves: [wave('ns-0', { bake: HOUR }), wave('ns-1')] }),
  });
  const [run] = runs;
  assert.deepEqual(
    run?.waves.map(({ name }) => name),
    ['ns-0', 'ns-1', 'rest'],
  );
  const medians = run.waves.map(({ eta }) => (eta.median - NOW) / MINUTE);
  assert.ok((medians[0] as number) > 60 && (medians[1] as number) > (medians[0] as number), medians.join());
  assert.ok((medians[2] as number) > (medians[1] as number), medians.join());
  assert.deepEqual(run.eta, run.waves[2]?.eta);
});

test('a closed metric gate is nothing that time ends; one that nobody has asked yet is', () => {
  const gate = { name: 'slo', prometheus: 'http://prometheus', ask: { query: 'up', max: 1 }, timeLimit: HOUR };
  const given = {
    policy: policy({ ...quiet, metricGates: [gate], waves: [wave('ns-0'), wave('ns-1', { gates: ['slo'] })] }),
  };
  assert.deepEqual(made(minutes(3), given).leftOut, []);
  const state = { isOpen: false, isAnswered: true, detail: 'too many errors', askedAt: NOW };
  const closed = made(minutes(3), { ...given, metricGates: new Map([['slo', state]]) });
  assert.deepEqual(closed.leftOut.map(({ reason }) => reason).sort(), ['metric-gate', 'wave']);
});

test('the same plan has the same estimate', () => assert.deepEqual(made(minutes(30)), made(minutes(30))));

test('nothing to do has no end', () => assert.deepEqual(made([]), { at: NOW, workloads: 0, runs: [], leftOut: [] }));
