import assert from 'node:assert/strict';
import { SnapshotMap } from '../../../src/journal/snapshotMap.ts';

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
