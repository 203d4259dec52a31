import assert from 'node:assert/strict';
import { steadiness } from '../../soak/steadiness.ts';
import { Dice } from '../fuzz/dice.ts';

const MINUTES = 60;
const dice = new Dice(1);
/** From -size to size. */
const noise = (size: number): number => (dice.below(2001) / 1000 - 1) * size;

/** A sample a minute, in an hour. */
const seriesOf = (valueAt: (minute: number) => number) => ({
  name: 'memory',
  allowed: 5,
  samples: Array.from({ length: MINUTES }, (_, minute) => ({ at: minute * 60_000, value: valueAt(minute) })),
});

const rows: readonly (readonly [name: string, valueAt: (minute: number) => number, isFlat: boolean])[] = [
  ['what never changes is flat', () => 100, true],
  ['noise is flat', () => 100 + noise(20), true],
  ['the teeth of a collector’s saw are flat', (minute) => 100 + 4 * (minute % 10), true],
  ['growth of the warm-up does not count', (minute) => 50 + 10 * Math.min(minute, 8), true],
  ['what shrinks is flat', (minute) => 200 - minute, true],
  ['a little growth is allowed', (minute) => 100 + minute / 20, true],
  ['some outliers are not growth', (minute) => (minute > 54 ? 400 : 100 + noise(2)), true],
  ['growth is seen', (minute) => 100 + minute / 2, false],
  ['growth is seen through noise', (minute) => 100 + minute + noise(10), false],
  ['growth is seen under the saw', (minute) => 100 + minute + 4 * (minute % 10), false],
];

for (const [name, valueAt, isFlat] of rows)
  test(name, () => assert.equal(steadiness(seriesOf(valueAt)).isFlat, isFlat));

test('a run with one sample has nothing that grows', () =>
  assert.equal(steadiness({ name: 'memory', allowed: 5, samples: [{ at: 0, value: 1 }] }).isFlat, true));
