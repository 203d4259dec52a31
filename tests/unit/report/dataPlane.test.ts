import assert from 'node:assert/strict';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import type { Logger } from '../../../src/report/logger.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { Report } from '../../../src/report/report.ts';
import { WorkloadCounts } from '../../../src/report/workloadCounts.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { journalled, restarted } from '../../builders/journal.ts';
import { assessed, expected, group, MINUTE, NOW } from '../../builders/workload.ts';

const planned = (name: string, given: Partial<Planned> = {}): Planned => ({
  ...assessed({ name }),
  step: { action: 'none' },
  ...given,
});
const CURRENT = { state: 'current', expected: expected(), drifts: [] } as const;

const lines = async (metrics: Metrics, name: string): Promise<string[]> =>
  (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`meltemi_${name}`));

test('pods are counted by the version of their proxy; those without one are not', async () => {
  const metrics = new Metrics('0');
  const counts = new WorkloadCounts(metrics);
  const items = [
    planned('a', { groups: [group({ image: 'hub/proxyv2:1.30.2' }, 2), group({ image: 'istio/proxyv2:1.31.0' }, 3)] }),
    planned('b', { groups: [group({ image: 'istio/proxyv2:1.30.2' }, 4)] }),
    planned('c', { groups: [group({ placement: 'none', image: '' }, 9)] }),
    planned('d', { groups: [group({ image: 'evil image\n{x="y"} 1' }, 1)] }),
  ];
  counts.evaluated(evaluation(items));
  assert.deepEqual(await lines(metrics, 'proxies'), [
    'meltemi_proxies{version="1.30.2"} 6',
    'meltemi_proxies{version="1.31.0"} 3',
    'meltemi_proxies{version="other"} 1',
  ]);
  counts.evaluated(evaluation([]));
  assert.deepEqual(await lines(metrics, 'proxies'), []);
});

test('labels stay few, however many versions there are', async () => {
  const metrics = new Metrics('0');
  const groups = Array.from({ length: 500 }, (_, index) => group({ image: `istio/proxyv2:v${index}` }, 1));
  new WorkloadCounts(metrics).evaluated(evaluation([planned('a', { groups })]));
  const found = await lines(metrics, 'proxies');
  assert.equal(found.length, 21);
  assert.ok(found.includes('meltemi_proxies{version="other"} 480'));
});

test('what has been outdated for the longest time is told by when it was first seen so', async () => {
  const metrics = new Metrics('0');
  let wall = NOW;
  const counts = new WorkloadCounts(metrics, () => wall);
  const oldest = async (...items: Planned[]): Promise<string | undefined> => {
    counts.evaluated(evaluation(items));
    return (await lines(metrics, 'oldest_outdated_timestamp_seconds'))[0]?.split(' ')[1];
  };
  const seconds = (time: number): string => String(time / 1000);
  assert.equal(await oldest(), '0');
  assert.equal(await oldest(planned('a')), seconds(NOW));
  wall += MINUTE;
  assert.equal(await oldest(planned('a'), planned('b')), seconds(NOW));
  assert.equal(await oldest(planned('a', { verdict: CURRENT }), planned('b')), seconds(NOW + MINUTE));
  wall += MINUTE;
  assert.equal(await oldest(planned('a'), planned('b', { verdict: CURRENT })), seconds(wall), 'a new episode');
  metrics.leads(false);
  assert.deepEqual((await lines(metrics, 'oldest_outdated_timestamp_seconds'))[0]?.split(' ')[1], '0');
});

const ENDS: readonly [Outcome, number][] = [
  ['verified', 1],
  ['failed:timeout', 1],
  ['superseded', 0],
  ['reverted', 0],
];
for (const [outcome, count] of ENDS)
  test(`the duration of a restart that ends as ${outcome} is ${count ? '' : 'not '}observed`, async () => {
    const metrics = new Metrics('0');
    const silent = () => undefined;
    const logger = { info: silent, error: silent, warn: silent } as unknown as Logger;
    const report = new Report({ logger, metrics, cluster: { emit: async () => undefined }, namespace: 'meltemi' });
    const begun = Date.now() - 40_000;
    report.ended(journalled({ ...restarted(0), restartedAt: begun }), outcome, '');
    assert.deepEqual(await lines(metrics, 'restart_duration_seconds_count'), [
      `meltemi_restart_duration_seconds_count ${count}`,
    ]);
    assert.deepEqual(await lines(metrics, 'restart_duration_seconds_bucket{le="30"}'), [
      'meltemi_restart_duration_seconds_bucket{le="30"} 0',
    ]);
  });
