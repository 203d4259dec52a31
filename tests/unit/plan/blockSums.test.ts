import assert from 'node:assert/strict';
import { atOnce } from '../../../src/atOnce.ts';
import { BlockSums } from '../../../src/plan/blockSums.ts';

const LENGTH = 150;

type Block = readonly [from: number, to: number];

/** The blocks that are summed again when a list of 150 items has another length, or these places have changed. */
function madeAgain(length: number, changed: readonly number[] | 'all'): Block[] {
  const blocks = new BlockSums<string>();
  let made: Block[] = [];
  const sum = (from: number, to: number): string => {
    made.push([from, to]);
    return `${from}-${to}`;
  };
  for (const [items, places] of [[LENGTH, 'all'] as const, [length, changed] as const]) {
    made = [];
    const sums = atOnce(blocks.of(items, places, sum));
    const all = Array.from({ length: Math.ceil(items / 64) }, (_, place) => place * 64);
    assert.deepEqual(
      sums,
      all.map((from) => `${from}-${Math.min(from + 64, items)}`),
    );
  }
  return made.toSorted(([a], [b]) => a - b);
}

const ALL: Block[] = [
  [0, 64],
  [64, 128],
  [128, 150],
];
const rows: [string, number, readonly number[] | 'all', Block[]][] = [
  ['nothing has changed', 150, [], []],
  ['an item in the middle', 150, [70], [[64, 128]]],
  ['two items of a block', 150, [149, 130], [[128, 150]]],
  ['everything', 150, 'all', ALL],
  ['one more at the end', 151, [], [[128, 151]]],
  ['one more at the end that is called changed', 151, [150], [[128, 151]]],
  [
    'so many more that there is another block',
    200,
    [],
    [
      [128, 192],
      [192, 200],
    ],
  ],
  ['one less at the end', 149, [], [[128, 149]]],
  ['a block less', 64, [3], [[0, 64]]],
  ['a block less, at the border of one', 128, [], []],
  ['none any more', 0, [], []],
];

test.each(rows)('%s: only the blocks in which something is another are summed again', (_, length, changed, expected) =>
  assert.deepEqual(madeAgain(length, changed), expected),
);
