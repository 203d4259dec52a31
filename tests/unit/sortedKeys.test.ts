import assert from 'node:assert/strict';
import { sortedKeys } from '../../src/sortedKeys.ts';

const written = (value: unknown): string => JSON.stringify(value, sortedKeys);

const rows: [name: string, one: unknown, other: unknown][] = [
  ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
  ['an object inside of one whose keys are in order', { a: { x: 1, y: 2 }, b: 3 }, { a: { y: 2, x: 1 }, b: 3 }],
  ['objects in a list', [{ name: 'A', value: 'b' }], [{ value: 'b', name: 'A' }]],
  ['keys that differ in case, by their code', { B: 1, a: 2 }, { a: 2, B: 1 }],
];
for (const [name, one, other] of rows)
  test(`${name}: one text`, () => {
    assert.equal(written(one), written(other));
    assert.deepEqual(JSON.parse(written(other)), one);
  });

test('the order of a list counts', () => assert.notEqual(written([1, 2]), written([2, 1])));

test('what has its keys in order is not copied', () => {
  const value = { a: 1, b: 2 };
  assert.equal(sortedKeys('', value), value);
});
