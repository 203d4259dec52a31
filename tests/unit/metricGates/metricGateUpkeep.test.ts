import assert from 'node:assert/strict';
import { Journal } from '../../../src/journal/journal.ts';
import { MetricGates } from '../../../src/metricGates/metricGates.ts';
import { MetricGateUpkeep } from '../../../src/metricGates/metricGateUpkeep.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { metricGate } from '../../builders/metricGate.ts';
import { context, policy } from '../../builders/policy.ts';
import { HOUR, NOW } from '../../builders/workload.ts';

const silent = (): void => undefined;

// `constructor` is what every object has
for (const name of ['slo', 'constructor'])
  test(`that a gate called ${name} has been told is forgotten when nothing waits for it any more`, () => {
    const journal = new Journal({ store: new FakeStore(), now: () => NOW, wall: () => NOW, onError: assert.ifError });
    journal.note('run', { closedSince: { [name]: NOW - HOUR }, told: ['started', `event/MetricGateClosed/${name}`] });
    const rules = policy({ metricGates: [metricGate({ name })] });
    const gates = new MetricGates({
      ask: () => Promise.reject(new Error('nothing waits for it')),
      policy: () => rules,
      now: () => NOW,
      wait: () => Promise.resolve(),
      signal: new AbortController().signal,
      onAnswer: silent,
      onChange: silent,
    });
    const report = { metricGatesAsked: silent, metricGateClosedLong: silent };
    const upkeep = new MetricGateUpkeep({ gates, journal, dryRun: false, report });
    upkeep.tend(evaluation([]), context({ policy: rules, notes: journal.notes }));
    assert.deepEqual(journal.notes.get('run'), { closedSince: {}, told: ['started'] });
  });
