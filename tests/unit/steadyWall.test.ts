import assert from 'node:assert/strict';
import { SteadyWall } from '../../src/steadyWall.ts';

/** What is read of clocks that show these times, one after the other. */
function read(times: readonly (readonly [now: number, wall: number])[]): { now: number; wall: number }[] {
  let place = 0;
  const clocks = new SteadyWall(
    () => times[place]?.[0] ?? 0,
    () => times[place]?.[1] ?? 0,
  );
  return times.map((_, index) => {
    place = index;
    return clocks.read();
  });
}

test('both clocks pass alike, although the wall clock shows whole milliseconds only', () =>
  assert.deepEqual(
    read([
      [10.2, 1010],
      [20.9, 1021],
      [30.1, 1029],
    ]),
    [
      { now: 10, wall: 1010 },
      { now: 20, wall: 1020 },
      { now: 30, wall: 1030 },
    ],
  ));

test('a wall clock that was set is taken as it is', () =>
  assert.deepEqual(
    read([
      [10, 1010],
      [20, 5020],
      [30, 1030],
    ]).map(({ wall }) => wall),
    [1010, 5020, 1030],
  ));

test('one that drifts is followed before it is off by more than a moment', () => {
  const times = Array.from({ length: 1000 }, (_, step) => [step * 100, step * 101] as const);
  for (const [index, { wall }] of read(times).entries()) assert.ok(Math.abs(wall - index * 101) <= 50);
});
