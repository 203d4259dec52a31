import { closedMetricGates } from '../closedMetricGates.ts';
import { whyClosed } from '../metricGate.ts';
import type { Rule } from '../rule.ts';

/** The last of the rules: a gate is asked only for what nothing else keeps from being restarted. */
export const metricGate: Rule<'metric-gate'> = {
  code: 'metric-gate',
  help:
    'A metric gate of the policy is closed: a metric is beyond its bound, an alert fires, or Prometheus gives no usable answer. The ' +
    'detail names the gate with the value and the bound, or the problem.',
  ends: 'The metric gate opens: Prometheus answers, and the metric is within its bounds or no such alert fires.',
  lookAgain: 'on-change',
  betweenPods: true,
  check(assessed, context) {
    const [first, ...others] = closedMetricGates(assessed, context);
    if (!first) return undefined;
    const also = others.length > 0 ? `; also closed: ${others.map(({ name }) => name).join(', ')}` : '';
    return { detail: `${first.name}: ${whyClosed(first.name, context)}${also}` };
  },
};
