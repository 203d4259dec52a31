import assert from 'node:assert/strict';
import { loopSlices } from '../../src/loopSlices.ts';

/** Does nothing useful for so many milliseconds. */
function work(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** The same by processor time, which a busy machine gives late. */
function compute(milliseconds: number): void {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const until = used() + milliseconds;
  while (used() < until);
}

test('a long loop lets others work in between', async () => {
  let others = 0;
  let going = true;
  const other = (): void => {
    others += 1;
    if (going) setImmediate(other);
  };
  setImmediate(other);
  const slices = loopSlices();
  for (let index = 0; index < 640; index++) {
    await slices.step();
    work(0.4);
  }
  going = false;
  // 256 ms of work in slices of 20
  assert.ok(others >= 5, `${others} turns of others`);
});

test('a short loop is not cut', () => {
  const slices = loopSlices();
  const cuts = Array.from({ length: 31 }, () => {
    work(0.1);
    return slices.step();
  });
  assert.deepEqual(new Set(cuts), new Set([undefined]));
});

test('a short loop of long steps is', () => {
  const slices = loopSlices();
  compute(1);
  assert.equal(slices.step(), undefined);
  compute(20);
  assert.ok(slices.step() instanceof Promise);
});
