import { whyClosed } from './metricGate.ts';
import type { PlanContext } from './planContext.ts';
import type { Wave } from './wave.ts';

/** A metric gate that is not open, and why, in words. */
export interface ClosedGate {
  readonly name: string;
  readonly detail: string;
}

/** Those of a wave's metric gates that are closed. A gate that was not asked, or that the policy no longer has, is closed, too. */
export const gatesOfWave = (
  { gates }: Pick<Wave, 'gates'>,
  context: Pick<PlanContext, 'metricGates' | 'now'>,
): readonly ClosedGate[] =>
  gates.flatMap((name) => {
    const detail = whyClosed(name, context);
    return detail === undefined ? [] : [{ name, detail }];
  });

/** Closed gates in words: `metric gate checkout-slo is closed: 0.02 is above 0.01`. */
export const closedWords = (closed: readonly ClosedGate[]): string =>
  closed.map(({ name, detail }) => `metric gate ${name} is closed: ${detail}`).join('; ');
