import assert from 'node:assert/strict';
import type { Workload } from '../../../../src/model.ts';
import { Pace } from '../../../../src/plan/eta/pace.ts';
import { roughDuration } from '../../../../src/plan/eta/roughDuration.ts';
import { journalled, recorded, restarted } from '../../../builders/journal.ts';
import { context, POLICY } from '../../../builders/policy.ts';
import { assessed, complete, HOUR, MINUTE, NOW, workload } from '../../../builders/workload.ts';

const [START, STOP] = [20_000, 10_000];
const policy = { ...POLICY, restartTimeout: HOUR };

const ROUGH: readonly [name: string, given: Partial<Workload>, estimate: number][] = [
  ['a Deployment whose pods are all made at once', { rollout: complete(3), maxSurge: 3 }, START],
  ['one that is rolled in four rounds', { rollout: complete(8), maxUnavailable: 1, maxSurge: 1 }, 4 * START],
  ['one whose old pods go first', { rollout: complete(4), maxUnavailable: 2 }, 2 * (START + STOP)],
  ['minReadySeconds count in each round', { rollout: complete(2), maxSurge: 1, minReadySeconds: 30 }, 100_000],
  ['Recreate', { strategy: 'Recreate', rollout: complete(9), maxUnavailable: 9 }, START + STOP],
  ['a StatefulSet', { kind: 'StatefulSet', rollout: complete(5), maxUnavailable: 1 }, 5 * (START + STOP)],
  [
    '… with a partition',
    { kind: 'StatefulSet', rollout: complete(5), maxUnavailable: 1, partition: 3 },
    2 * (START + STOP),
  ],
  ['a DaemonSet', { kind: 'DaemonSet', rollout: complete(6), maxUnavailable: 2 }, 3 * (START + STOP)],
  [
    'evictions, one by one',
    { kind: 'StatefulSet', strategy: 'OnDelete', rollout: complete(3), maxUnavailable: 1 },
    3 * (START + STOP),
  ],
  ['no pods at all', { rollout: complete(0) }, START + STOP],
  ['minReadySeconds of years: never longer than the time limit', { minReadySeconds: 1e9, maxSurge: 3 }, HOUR],
];
for (const [name, given, estimate] of ROUGH)
  test(`by kind and size: ${name}`, () => assert.equal(roughDuration(workload(given), policy), estimate));

/** Workloads whose restarts took so many times their estimate of 20 s. */
const took = (times: readonly number[], run = 'run', kind = 'Deployment') =>
  times.map((factor, index) =>
    journalled(restarted(HOUR, 'verified', { run, durations: [factor * START] }), {
      kind,
      name: `${kind}-${run}-${index}`,
      maxSurge: 3,
    }),
  );

const seconds = (given: ReturnType<typeof took>, one = assessed({ maxSurge: 3 })): number => {
  const { base, deviation } = new Pace(given, context({ policy }), new Set(['run'])).of(one);
  return Math.round((base * Math.exp(deviation.centre)) / 1000);
};
const near = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value - wanted) <= wanted / 10, `${value} is not near ${wanted}`);

test('without anything known, the estimate is by size', () => assert.equal(seconds([]), 20));
test('what restarts of the run took scales it', () => near(seconds(took(Array(20).fill(3))), 60));
test('a few that were very long do not', () => near(seconds(took([...Array(20).fill(3), 100, 100, 100])), 60));
test('one alone moves it only in part', () => {
  const one = seconds(took([9]));
  assert.ok(one > 25 && one < 150, `${one}`);
});
test('restarts of other runs count until this one has shown enough', () => {
  near(seconds(took(Array(20).fill(3), 'before')), 60);
  near(seconds([...took(Array(20).fill(3), 'before'), ...took(Array(20).fill(1))]), 20);
});
test('those of its own kind count, where there are enough', () => {
  const both = [...took(Array(20).fill(1)), ...took(Array(20).fill(5), 'run', 'StatefulSet')];
  near(seconds(both), 20);
});
test('long ones are the last to end: those under way count for more than they have taken', () => {
  const ended = took(Array(4).fill(1));
  const open = Array.from({ length: 4 }, (_, index) =>
    journalled(restarted(5 * MINUTE), { name: `open-${index}`, maxSurge: 3 }),
  );
  assert.ok(seconds([...ended, ...open]) > 1.3 * seconds(ended));
});

const told = (text: string) =>
  assessed({ annotations: { ...recorded(restarted(HOUR, 'verified')), 'meltemi.dev/durations': text } });

test('the median of its own last three restarts is the estimate of a workload', () =>
  assert.equal(seconds([], told('40,300,50')), 50));
test('a tenant who writes a day there gets no more than the time limit, for this workload alone', () => {
  const liars = Array.from({ length: 50 }, (_, index) => ({
    ...told('86400,86400,86400'),
    workload: { ...told('86400,86400,86400').workload, name: `liar-${index}` },
  }));
  const pace = new Pace(liars, context({ policy, now: NOW }), new Set(['run']));
  assert.equal(pace.of(liars[0] as (typeof liars)[number]).base, HOUR);
  assert.equal(seconds(liars), 20);
});
