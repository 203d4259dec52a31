import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../src/plan/record.ts';
import { createLogger } from '../../../src/report/logger.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { Report } from '../../../src/report/report.ts';
import { judged } from '../../builders/workload.ts';

const rows: [Outcome, string][] = [
  ['verified', 'verified'],
  ['failed:timeout', 'failed'],
  ['reverted', 'reverted'],
  ['superseded', 'superseded'],
  ['superseded:expectation', 'superseded'],
];

for (const [outcome, result] of rows) {
  test(`a restart that ended as ${outcome} is counted as ${result}`, async () => {
    const metrics = new Metrics('0.0.0');
    const cluster = { emit: () => Promise.resolve() };
    new Report({ logger: createLogger('error'), metrics, cluster, namespace: 'default' }).ended(judged(), outcome, '');
    const text = await metrics.registry.metrics();
    assert.ok(text.includes(`meltemi_restarts_total{kind="Deployment",result="${result}"} 1`));
    assert.ok(!text.includes('superseded:'), 'the label set is closed');
  });
}
