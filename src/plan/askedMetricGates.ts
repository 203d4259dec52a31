import { keyOf } from '../model.ts';
import { type GateContext, type InWave, metricGatesOf } from './closedMetricGates.ts';
import { isInFlight } from './journalEntry.ts';
import type { Plan, Planned } from './plan.ts';
import type { PlanContext } from './rule.ts';
import { metricGate } from './rules/metricGate.ts';
import type { RunWaves, Wave } from './wave.ts';

/**
 * The names of the metric gates that matter now: those that hold a workload which nothing else keeps from being restarted, or whose pods
 * are being evicted, and those of waves that bake. Nobody asks the others.
 */
export function askedMetricGates(
  { items, waves }: Pick<Plan, 'items' | 'waves'>,
  context: GateContext & Pick<PlanContext, 'starting'>,
): ReadonlySet<string> {
  if (!context.policy.metricGates) return new Set();
  const matter = items.filter((one) => mayBeRestarted(one, context));
  const baking = bakingWaves(waves, context).flatMap(({ wave }) => wave.gates);
  return new Set([...matter.flatMap((one) => metricGatesOf(one, context).map(({ name }) => name)), ...baking]);
}

/** A wave of a run that bakes, and whether only its gates still keep it from being done. */
export interface BakingWave {
  readonly run: string;
  readonly wave: Wave;
  readonly isOver: boolean;
}

/** The waves of the policy that bake. */
export function bakingWaves(runs: readonly RunWaves[], { policy }: Pick<GateContext, 'policy'>): readonly BakingWave[] {
  return runs.flatMap(({ run, waves }) =>
    waves.flatMap(({ name, state, until }) => {
      const wave = state === 'baking' ? policy.waves?.find((one) => one.name === name) : undefined;
      return wave ? { run, wave, isOver: until === undefined } : [];
    }),
  );
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
      return step.order !== undefined || heldByGate(planned).length > 0;
    default:
      return false;
  }
}

/** The sidecars of a workload that a metric gate keeps waiting. */
export function heldByGate(planned: Planned): readonly InWave[] {
  const { step, wave } = planned;
  if (step.action !== 'wait') return [];
  const of = wave === undefined ? {} : { wave };
  const all = [{ assessed: planned, wait: step }, ...(step.alsoWaits ?? [])];
  return all.flatMap(({ assessed, wait }) => (wait.reason.code === metricGate.code ? [{ ...assessed, ...of }] : []));
}
