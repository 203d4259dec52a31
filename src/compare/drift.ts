import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import { type ClusterImageRules, isMadeOf } from './clusterImage.ts';

/** How a pod's sidecar differs from the expected one. `native`: it is an ordinary container instead of a native sidecar, or the reverse. */
export type Drift = 'missing' | 'image' | 'revision' | 'native';

/** The drifts that cause restarts by default. `native` is not among them, because one old node changes it for a whole mesh. */
export const BY_DEFAULT = ['missing', 'image', 'revision'] as const satisfies Drift[];

/** The drifts that can cause a restart. */
export const RESTARTABLE = [...BY_DEFAULT, 'native'] as const satisfies Drift[];

export interface DriftRules extends ClusterImageRules {
  /** The drifts that cause a restart. The others are only reported. */
  readonly restartOn: ReadonlySet<Drift>;
}

/**
 * The drifts of one pod, worst first. If either side does not state its revision, the revision is unknown, so there is no drift. An image
 * that the cluster makes of the expected one is no drift either.
 */
export function driftsOf(expected: ExpectedSidecar, actual: Sidecar, rules: ClusterImageRules): Drift[] {
  if (actual.placement === 'none') return ['missing'];
  const drifts: Drift[] = [];
  if (!isMadeOf(expected.image, actual.image, rules)) drifts.push('image');
  if (expected.revision && actual.revision && expected.revision !== actual.revision) drifts.push('revision');
  if (expected.placement !== 'any' && expected.placement !== actual.placement) drifts.push('native');
  return drifts;
}
