import type { MetricGate, MetricGateStates } from '../plan/metricGate.ts';
import type { RunNotes } from '../plan/runNotes.ts';
import type { LongClosedGate } from './runNews.ts';

/** The metric gates that have held restarts of a run for longer than their time limit. Pure. @param wall milliseconds */
export function longClosedGates(
  { closedSince = {} }: RunNotes,
  gates: readonly MetricGate[],
  states: MetricGateStates | undefined,
  wall: number,
): LongClosedGate[] {
  return gates.flatMap(({ name, timeLimit }) => {
    const since = closedSince[name];
    const state = states?.get(name);
    if (since === undefined || timeLimit === undefined || state?.isOpen || wall - since < timeLimit) return [];
    return [{ name, since, detail: state?.detail ?? 'it has no answer yet' }];
  });
}
