import assert from 'node:assert/strict';
import { it } from 'node:test';
import { backOff } from '../../../src/cluster/backOff.ts';

it('back-off doubles from 1 to 30 seconds and is spread over as much again', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 5000].map((failures) => backOff(failures, 0)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000],
  );
  assert.equal(backOff(3, 0.5), 6000);
});
