import { keyOf } from '../model.ts';
import type { Assessed } from './assessed.ts';
import { type GateContext, metricGatesOf } from './closedMetricGates.ts';
import { isInFlight } from './journalEntry.ts';
import { type Plan, type Planned, sidecarsThatWait } from './plan.ts';
import type { PlanContext } from './planContext.ts';
import { metricGate } from './rules/metricGate.ts';

/**
 * The names of the metric gates that matter now: those that hold a workload which nothing else keeps from being restarted, or whose pods
 * are being evicted, and those of waves that bake. Nobody asks the others.
 */
export function askedMetricGates(
  { items, waves }: Pick<Plan, 'items' | 'waves'>,
  context: GateContext & Pick<PlanContext, 'starting'>,
): ReadonlySet<string> {
  const { metricGates = [] } = context.policy;
  const names = new Set(gatesOfBakes(waves, context));
  for (const one of items) {
    // a long queue need not be searched to its end
    if (metricGates.every(({ name }) => names.has(name))) break;
    if (mayBeRestarted(one, context)) for (const { name } of metricGatesOf(one, context)) names.add(name);
  }
  return names;
}

/** The gates that must be open at the end of a bake which is under way. */
function gatesOfBakes(runs: Plan['waves'], { policy }: GateContext): readonly string[] {
  const baking = new Set(
    runs.flatMap(({ waves }) => waves.flatMap(({ name, state }) => (state === 'baking' ? name : []))),
  );
  return (policy.waves ?? []).flatMap(({ name, gates }) => (baking.has(name) ? gates : []));
}

function mayBeRestarted(planned: Planned, { starting }: Pick<PlanContext, 'starting'>): boolean {
  const { step, workload, entry } = planned;
  switch (step.action) {
    case 'restart':
      return true;
    case 'follow':
      // what is about to be written asks the rules again, and so does the next eviction
      return starting.has(keyOf(workload)) || (isInFlight(planned) && entry?.evicts === true);
    case 'wait':
      // what has a place in the queue waits for other restarts only
      return step.isQueued === true || heldByGate(planned).length > 0;
    default:
      return false;
  }
}

/** The sidecars of a workload that a metric gate keeps waiting. */
export const heldByGate = (planned: Planned): readonly (Assessed & Pick<Planned, 'wave'>)[] =>
  sidecarsThatWait(planned, metricGate.code).map((one) => ({
    ...one,
    ...(planned.wave !== undefined && { wave: planned.wave }),
  }));
