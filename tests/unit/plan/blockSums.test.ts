import assert from 'node:assert/strict';
import { BlockSums } from '../../../src/plan/blockSums.ts';

const ITEMS = Array.from({ length: 150 }, (_, value) => ({ value }));

/** The blocks that a list makes again, after another list. */
function madeAgain(before: readonly unknown[], after: readonly unknown[]): [from: number, to: number][] {
  const blocks = new BlockSums<unknown, string>();
  let made: [number, number][] = [];
  const sum = (from: number, to: number): string => {
    made.push([from, to]);
    return `${from}-${to}`;
  };
  for (const list of [before, after]) {
    made = [];
    const steps = blocks.of(list, sum);
    let step = steps.next();
    while (!step.done) step = steps.next();
    const all = Array.from({ length: Math.ceil(list.length / 64) }, (_, place) => place * 64);
    assert.deepEqual(
      step.value,
      all.map((from) => `${from}-${Math.min(from + 64, list.length)}`),
    );
  }
  return made;
}

const rows: [string, readonly unknown[], [number, number][]][] = [
  ['the same items', [...ITEMS], []],
  ['another item in the middle', ITEMS.with(70, { value: 70 }), [[64, 128]]],
  ['one more at the end', [...ITEMS, {}], [[128, 151]]],
  ['one less at the end', ITEMS.slice(0, -1), [[128, 149]]],
  ['none any more', [], []],
  [
    'one less at the beginning',
    ITEMS.slice(1),
    [
      [0, 64],
      [64, 128],
      [128, 149],
    ],
  ],
];

test.each(rows)('%s: only the blocks in which something is another are summed again', (_, after, expected) =>
  assert.deepEqual(madeAgain(ITEMS, after), expected),
);
