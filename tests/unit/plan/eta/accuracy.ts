import { medianOf } from '../../../../src/plan/eta/pace.ts';
import type { Foreseen } from './foreseen.ts';

/** How good estimates of many runs were, at one share of their time. */
export interface Accuracy {
  readonly runs: number;
  /** The share of runs that had ended by the 90th percentile. */
  readonly within: number;
  /** The median of how far the estimated end was off, as a share of the time that was left. */
  readonly ofLeft: number;
  /** The same as a share of the whole time. */
  readonly ofWhole: number;
}

export function accuracyOf(foreseen: readonly Foreseen[]): Accuracy {
  const known = foreseen.flatMap(({ forecast: { eta }, at, began, ended }) => (eta ? [{ eta, at, began, ended }] : []));
  const off = ({ eta, ended }: (typeof known)[number]): number => Math.abs(eta.median - ended);
  return {
    runs: foreseen.length,
    within: known.filter(({ eta, ended }) => ended <= eta.p90).length / foreseen.length,
    ofLeft: medianOf(known.map((one) => off(one) / Math.max(1, one.ended - one.at))),
    ofWhole: medianOf(known.map((one) => off(one) / (one.ended - one.began))),
  };
}
