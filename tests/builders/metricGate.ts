import type { MetricGate, MetricGateState } from '../../src/plan/metricGate.ts';
import { HOUR, NOW } from './workload.ts';

/** A gate `slo` that is open while its query gives at most 0.01, unless said otherwise. */
export const metricGate = (given: Partial<MetricGate> = {}): MetricGate => ({
  name: 'slo',
  prometheus: 'http://127.0.0.1:9090',
  ask: { query: 'errors', max: 0.01 },
  timeLimit: HOUR,
  ...given,
});

/** An open gate that was asked just now, unless said otherwise. */
export const gateState = (given: Partial<MetricGateState> = {}): MetricGateState => ({
  isOpen: true,
  isAnswered: true,
  detail: '0.004, at most 0.01',
  askedAt: NOW,
  ...given,
});

export const CLOSED = gateState({ isOpen: false, detail: '0.3 is above the maximum of 0.01' });
