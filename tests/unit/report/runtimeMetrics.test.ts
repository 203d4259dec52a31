import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Metrics } from '../../../src/report/metrics.ts';

test('the lag of the event loop is measured at a scrape, and what a timer would have to sample is left out', async () => {
  const { registry } = new Metrics('1.0.0');
  const names = registry.getMetricsAsArray().map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.includes('eventloop')),
    ['nodejs_eventloop_lag_seconds'],
  );
  assert.match(await registry.metrics(), /^nodejs_eventloop_lag_seconds \d/m);
});

/** How often a process that has metrics and nothing else to do wakes up in a second, by the times that its loop goes round. */
const PROGRAM = `
import { performance } from 'node:perf_hooks';
import { Metrics } from './src/report/metrics.ts';
new Metrics('1.0.0');
const begun = performance.nodeTiming.uvMetricsInfo.loopCount;
setTimeout(() => console.log(performance.nodeTiming.uvMetricsInfo.loopCount - begun), 1000);
`;

test('metrics do not wake an idle process', () => {
  const rounds = Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { encoding: 'utf8', timeout: 30_000 }),
  );
  assert.ok(rounds < 8, `${rounds} rounds in a second`);
});
