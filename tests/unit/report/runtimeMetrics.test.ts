import assert from 'node:assert/strict';
import { Metrics } from '../../../src/report/metrics.ts';
import { until } from '../../testbed/until.ts';

test('the metrics of the runtime wake the process ten times a second, and not a hundred times', async () => {
  const { registry } = new Metrics('1.0.0');
  // the shortest time between two samples; absurdly long while there is none
  const shortest = async (): Promise<number> =>
    Number(/^nodejs_eventloop_lag_min_seconds (\S+)/m.exec(await registry.metrics())?.[1]);
  const seconds = await until('a sample', 10_000, async () => [await shortest()].find((one) => one < 60), 500);
  assert.ok(seconds > 0.05, `${seconds} s`);
});
