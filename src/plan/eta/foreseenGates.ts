import { COUNTS_FOR, type MetricGateState, type MetricGateStates } from '../metricGate.ts';
import type { PlanContext } from '../planContext.ts';

/**
 * The metric gates as an estimate sees them: one that is closed stays so, because nobody knows when its metric recovers, and one that is
 * open, or that nobody needed to ask yet, will be open.
 */
export function foreseenGates({ policy, metricGates, now }: PlanContext): MetricGateStates {
  const always = (isOpen: boolean, detail: string): MetricGateState => ({
    isOpen,
    isAnswered: true,
    detail,
    askedAt: Number.POSITIVE_INFINITY,
  });
  const states = (policy.metricGates ?? []).map(({ name }): [string, MetricGateState] => {
    const state = metricGates?.get(name);
    return [
      name,
      state && !state.isOpen && now - state.askedAt <= COUNTS_FOR ? always(false, state.detail) : always(true, ''),
    ];
  });
  return new Map(states);
}
