import assert from 'node:assert/strict';
import { collector } from '../soak/collector.ts';
import { steadiness } from '../soak/steadiness.ts';
import { virtualSoak } from '../soak/virtualSoak.ts';

const HOURS = 6;
const grown = async (leak?: () => void): Promise<string[]> => {
  const { series, restarts } = await virtualSoak(HOURS, 1, collector(), leak);
  assert.ok(restarts > 20, `${restarts} restarts`);
  return series
    .map(steadiness)
    .filter(({ isFlat }) => !isFlat)
    .map(({ name }) => name);
};

test('in six virtual hours of deploys and upgrades nothing that the operator holds grows', async () =>
  assert.deepEqual(await grown(), []));

test('a leak of a megabyte in an hour would be seen', async () => {
  const kept: object[] = [];
  assert.deepEqual(await grown(() => kept.push(new Array(22_000).fill(kept.length + 0.5))), ['heap in use, MB']);
});
