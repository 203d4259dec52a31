import assert from 'node:assert/strict';
import { backOff } from '../../src/backOff.ts';

const LIMITS = { first: 1000, longest: 30_000 };

it('back-off doubles from the first wait to the longest and is spread over as much again', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 5000].map((failures) => backOff(failures, LIMITS)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000],
  );
  assert.equal(backOff(3, LIMITS, 0.5), 6000);
});
