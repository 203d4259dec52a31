import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import { type ImageRules, sameImage } from './imageReference.ts';

/** In which way a pod's sidecar differs from the expected one. `placement` is reported only: one old node flips it for a whole mesh. */
export type Drift = 'missing' | 'image' | 'revision' | 'placement';

/** Drifts that can be worth a restart. */
export const RESTARTABLE = ['missing', 'image', 'revision'] as const satisfies Drift[];

export interface DriftRules extends ImageRules {
  /** Which drifts restart; the others are reported only. */
  readonly restartOn: ReadonlySet<Drift>;
}

/** The drifts of one pod, worst first. A revision that either side does not state is not known, and so no drift. */
export function driftsOf(expected: ExpectedSidecar, actual: Sidecar, rules: ImageRules): Drift[] {
  if (actual.placement === 'none') return ['missing'];
  const drifts: Drift[] = [];
  if (!sameImage(expected.image, actual.image, rules)) drifts.push('image');
  if (expected.revision && actual.revision && expected.revision !== actual.revision) drifts.push('revision');
  if (expected.placement !== actual.placement) drifts.push('placement');
  return drifts;
}
