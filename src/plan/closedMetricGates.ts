import { filterMatches } from '../expect/filter.ts';
import type { Assessed } from './assessed.ts';
import { type MetricGate, whyClosed } from './metricGate.ts';
import type { Policy } from './policy.ts';
import type { RuleContext } from './rule.ts';

/** What is needed to know which gates hold a workload, and whether they are closed. */
export type GateContext = Pick<RuleContext, 'policy' | 'metricGates' | 'waves' | 'now'>;

/**
 * Whether a metric gate holds a workload. A gate that no wave names holds whatever it matches; one that a wave names holds only what is in
 * that wave. Both need the gate's `match`, if it has one.
 * @param wave the workload's wave; if that is not known, a gate that waves name holds it
 */
export function holds(
  { name, match }: MetricGate,
  assessed: Pick<Assessed, 'workload' | 'namespace'>,
  { waves = [] }: Pick<Policy, 'waves'>,
  wave: string | undefined,
): boolean {
  const naming = waves.filter(({ gates }) => gates.includes(name));
  const isOfAnotherWave = naming.length > 0 && wave !== undefined && naming.every((one) => one.name !== wave);
  return !isOfAnotherWave && (match === undefined || match.some((filter) => filterMatches(filter, assessed)));
}

/** The metric gates that hold a workload, open or closed. */
export function metricGatesOf(assessed: InWave, { policy, waves }: GateContext): readonly MetricGate[] {
  const { metricGates = [] } = policy;
  if (metricGates.length === 0) return [];
  const wave = assessed.wave ?? waves?.of.waves[waves.of.indexOf(assessed.workload)]?.name;
  return metricGates.filter((gate) => holds(gate, assessed, policy, wave));
}

/** A workload. If it was planned, its wave is known. */
type InWave = Assessed & { readonly wave?: string };

/** The closed ones among the metric gates that hold a workload. */
export const closedMetricGates = (assessed: InWave, context: GateContext): readonly MetricGate[] =>
  metricGatesOf(assessed, context).filter(({ name }) => whyClosed(name, context) !== undefined);
