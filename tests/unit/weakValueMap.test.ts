import assert from 'node:assert/strict';
import { WeakValueMap } from '../../src/weakValueMap.ts';
import { collector } from '../soak/collector.ts';
import { until } from '../testbed/until.ts';

const collect = collector();

test('what somebody has is the same object, and what nobody has is made again', async () => {
  const map = new WeakValueMap<{ made: number }>();
  let made = 0;
  const make = (): { made: number } => ({ made: ++made });
  const held = map.getOrMake('held', make);
  for (let index = 0; index < 1000; index++) map.getOrMake(`dropped-${index}`, make);
  assert.equal(map.size, 1001);
  await until('the others to be forgotten', 10_000, async () => {
    await new Promise(setImmediate);
    collect();
    return map.size === 1;
  });
  assert.equal(map.getOrMake('held', make), held);
  assert.equal(map.getOrMake('dropped-0', make).made, 1002);
});
