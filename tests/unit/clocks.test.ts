import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { steadyNow } from '../../src/cluster/clock.ts';
import { complete, HOUR, MINUTE, NOW, workload } from '../builders/workload.ts';
import { until } from './cluster/deadline.ts';
import { FakeClock } from './cluster/fakeClock.ts';
import { MESH, OperatorBench, type OperatorBenchOptions } from './operatorBench.ts';

test('the steady clock does not follow a wall clock that is set', () => {
  const before = steadyNow();
  const { now } = Date;
  Date.now = () => 0;
  try {
    const later = steadyNow() - before;
    assert.ok(later >= 0 && later < MINUTE, `${later} ms later`);
  } finally {
    Date.now = now;
  }
});

/** An operator in time that only a test moves, whose wall clock can be set apart from that. */
function timed(options: OperatorBenchOptions) {
  const clock = new FakeClock();
  const wall = { offset: 0 };
  const bench = new OperatorBench({
    ...options,
    given: {
      now: () => NOW + clock.now(),
      wall: () => NOW + clock.now() + wall.offset,
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
      ...options.given,
    },
  }).start();
  /** Lets time pass, in steps in which everything that is due is done. */
  const pass = async (milliseconds: number, step = 1000): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= step) {
      clock.advance(step);
      for (let turns = 0; turns < 12; turns++) await setImmediate();
    }
  };
  return { bench, clock, wall, pass };
}

const settings: [string, number][] = [
  ['goes as it should', 0],
  ['is set back by an hour', -HOUR],
  ['is set forward by an hour', HOUR],
  ['is set back by a year', -365 * 24 * HOUR],
];

for (const [what, offset] of settings) {
  test(`scans come at their period while the wall clock ${what}`, async () => {
    const { bench, wall, pass } = timed({ workloads: () => [], given: { reconcilePeriod: 10_000 } });
    await using _bench = bench;
    await until('the first scan', () => bench.scans === 1);
    await pass(30_000);
    const before = bench.scans;
    wall.offset = offset;
    await pass(100_000);
    assert.ok(Math.abs(bench.scans - before - 10) <= 1, `${bench.scans - before} scans in 100 s`);
  });

  test(`a restart has its whole time limit, and no more, while the wall clock ${what}`, async () => {
    // its controller never sees the change
    const stuck = { ...workload({ kind: 'StatefulSet' }), rollout: { ...complete(1), observedGeneration: 1 } };
    let one = stuck;
    const { bench, wall, pass } = timed({
      workloads: () => [one],
      mesh: () => MESH,
      onPatch: (patched) => {
        one = patched;
      },
    });
    await using _bench = bench;
    await until('the restart', () => bench.patched.length === 1);
    wall.offset = offset;
    await pass(9 * MINUTE);
    assert.deepEqual(bench.told, [], 'it has failed too early');
    await pass(2 * MINUTE);
    assert.deepEqual(bench.told, ['web: failed:timeout']);
  });

  test(`a delay between restarts ends when it should while the wall clock ${what}`, async () => {
    const all = ['a', 'b'].map((name) => workload({ kind: 'StatefulSet', name, uid: name }));
    const { bench, wall, pass } = timed({
      workloads: () => all,
      policy: { restartDelay: 5 * MINUTE, maxInFlightPerNamespace: 9 },
    });
    await using _bench = bench;
    await until('the first restart', () => bench.patched.length === 1);
    wall.offset = offset;
    await pass(4 * MINUTE);
    assert.deepEqual(bench.patched, ['a']);
    await pass(2 * MINUTE);
    assert.deepEqual(bench.patched.slice(0, 2), ['a', 'b']);
  });
}

for (const [workloads, most] of [
  [100, 101],
  [2000, 6],
  [20_000, 3],
] as const)
  test(`${workloads} workloads are evaluated ${most} times a second at most, whatever asks for it`, async () => {
    const some = Array.from({ length: workloads }, (_, i) => workload({ name: `web-${i}`, paused: true }));
    const { bench, pass } = timed({ workloads: () => some });
    await using _bench = bench;
    await until('the first evaluation', () => bench.evaluations === 1);
    for (let i = 0; i < 100; i++) {
      bench.operator.ring();
      await pass(10, 10);
    }
    const { evaluations } = bench;
    assert.ok(evaluations > most / 2 && evaluations <= most + 1, `${evaluations} evaluations`);
  });
