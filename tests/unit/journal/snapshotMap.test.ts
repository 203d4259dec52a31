import assert from 'node:assert/strict';
import { SnapshotMap } from '../../../src/journal/snapshotMap.ts';
import { diceFor } from '../fuzz/dice.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

const changes: [name: string, change: (map: SnapshotMap<string, number>) => unknown, is: [string, number][]][] = [
  [
    'a new key',
    (map) => map.set('b', 2),
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  ['another value', (map) => map.set('a', 3), [['a', 3]]],
  ['a key that is deleted', (map) => map.delete('a'), []],
  ['a map that is emptied', (map) => map.clear(), []],
];
for (const [name, change, is] of changes)
  test(`${name} makes another snapshot, and leaves the one before as it was`, () => {
    const map = new SnapshotMap<string, number>().set('a', 1);
    const before = map.snapshot();
    change(map);
    assert.deepEqual([...before], [['a', 1]]);
    assert.deepEqual([...map.snapshot()], is);
  });

test('as long as nothing changes, it is the same snapshot', () => {
  const map = new SnapshotMap<string, number>().set('a', 1);
  assert.equal(map.snapshot(), map.snapshot());
});

test('snapshots stay as they were, whatever is set, added and deleted, and are read like a map', () => {
  const dice = diceFor(1, 10);
  const map = new SnapshotMap<string, number>();
  const made: (readonly [is: ReadonlyMap<string, number>, was: ReadonlyMap<string, number>])[] = [];
  for (let change = 0; change < 300; change++) {
    const key = dice.pick(KEYS);
    if (dice.once(5)) map.delete(key);
    else map.set(key, change);
    if (dice.once(100)) map.clear();
    if (dice.once(3)) made.push([map.snapshot(), new Map(map)]);
  }
  for (const [is, was] of made) {
    assert.deepEqual([...is], [...was]);
    assert.deepEqual([[...is.keys()], [...is.values()], is.size], [[...was.keys()], [...was.values()], was.size]);
    for (const key of KEYS) assert.deepEqual([is.get(key), is.has(key)], [was.get(key), was.has(key)]);
    const seen: unknown[] = [];
    is.forEach((value, key) => void seen.push([key, value]));
    assert.deepEqual(seen, [...was]);
  }
});

test('a snapshot has the list of keys of the one before if only values have changed', () => {
  const map = new SnapshotMap<string, number>().set('a', 1).set('b', 2);
  const { keyList } = map.snapshot();
  assert.equal(map.set('a', 3).snapshot().keyList, keyList);
  assert.notEqual(map.set('c', 3).snapshot().keyList, keyList);
});
