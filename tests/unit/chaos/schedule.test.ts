import assert from 'node:assert/strict';
import { upgrade } from '../../live/chaos/faults/upgrade.ts';
import { FAULTS } from '../../live/chaos/faults.ts';
import { countsOf, type Step, schedule } from '../../live/chaos/schedule.ts';

const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);
const kindOf = (step: Step) => [...FAULTS, upgrade].find(({ name }) => name === step.fault);

test('a seed gives the same schedule again, and another seed another one', () => {
  assert.deepEqual(schedule(7, 60, FAULTS), schedule(7, 60, FAULTS));
  assert.notDeepEqual(schedule(7, 60, FAULTS), schedule(8, 60, FAULTS));
});

test('every kind occurs as often as the others, whatever the seed', () => {
  for (const seed of SEEDS) {
    const { upgrade: upgrades, ...counts } = countsOf(schedule(seed, 3 * FAULTS.length, FAULTS));
    assert.deepEqual(counts, Object.fromEntries(FAULTS.map(({ name }) => [name, 3])));
    assert.ok((upgrades ?? 0) >= 3);
  }
});

test('two faults that hold the same part never overlap', () => {
  for (const seed of SEEDS) {
    const steps = schedule(seed, 100, FAULTS);
    for (const [index, step] of steps.entries())
      for (const other of steps.slice(index + 1))
        if (kindOf(step)?.holds.some((part) => kindOf(other)?.holds.includes(part)))
          assert.ok(
            step.ends <= other.begins || other.ends <= step.begins,
            `${seed}: ${JSON.stringify([step, other])}`,
          );
  }
});

test('some faults overlap, and each lasts as long as its kind says', () => {
  for (const seed of SEEDS) {
    const steps = schedule(seed, 60, FAULTS);
    assert.ok(steps.some((step, index) => (steps[index + 1]?.begins ?? Number.POSITIVE_INFINITY) < step.ends));
    for (const step of steps) {
      const [least = 0, most = 0] = kindOf(step)?.lasts ?? [];
      const lasts = step.ends - step.begins;
      assert.ok(lasts > least - 0.2 && lasts < most + 0.2, JSON.stringify(step));
    }
  }
});

test('a run of every kind ends within four minutes', () => {
  const longest = SEEDS.map((seed) => Math.max(...schedule(seed, FAULTS.length, FAULTS).map(({ ends }) => ends)));
  assert.ok(Math.max(...longest) < 240, `${Math.max(...longest)} s`);
});

test('every kind has a name of its own', () =>
  assert.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length));
