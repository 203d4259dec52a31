import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import { type ClusterImageRules, isMadeOf } from './clusterImage.ts';

/** In which way a pod's sidecar differs from the expected one. `placement` is reported only: one old node flips it for a whole mesh. */
export type Drift = 'missing' | 'image' | 'revision' | 'placement';

/** Drifts that can be worth a restart. */
export const RESTARTABLE = ['missing', 'image', 'revision'] as const satisfies Drift[];

export interface DriftRules extends ClusterImageRules {
  /** Which drifts restart; the others are reported only. */
  readonly restartOn: ReadonlySet<Drift>;
}

/**
 * The drifts of one pod, worst first. A revision that either side does not state is not known, and so no drift; nor is an image that the
 * cluster makes of the expected one.
 */
export function driftsOf(expected: ExpectedSidecar, actual: Sidecar, rules: ClusterImageRules): Drift[] {
  if (actual.placement === 'none') return ['missing'];
  const drifts: Drift[] = [];
  if (!isMadeOf(expected.image, actual.image, rules)) drifts.push('image');
  if (expected.revision && actual.revision && expected.revision !== actual.revision) drifts.push('revision');
  if (expected.placement !== actual.placement) drifts.push('placement');
  return drifts;
}
