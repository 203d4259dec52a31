import type { Istiod } from '../../expect/mesh.ts';
import { DOES_NOT_APPLY, type Gate, istiodName } from './gate.ts';

/** G1. */
export const istiodRolling: Gate<'istiod-rolling'> = {
  code: 'istiod-rolling',
  help: "The rollout of the revision's istiod is not complete (gate G1).",
  ends: 'The rollout of istiod is complete. Or put the gate into `--ignore-gate`.',
  lookAgain: 'on-change',
  withoutIstiod: DOES_NOT_APPLY,
  check: ({ injection }) => injection.istiod && incomplete(injection.istiod),
  warning({ istiod }) {
    if (!istiod || incomplete(istiod)) return undefined;
    const { desired, available, createFailure } = istiod.rollout;
    if (available >= desired) return undefined;
    const why = createFailure === undefined ? '' : `: ${createFailure}`;
    return `${desired - available} of ${desired} replicas of ${istiodName(istiod)} are not available${why}`;
  },
};

function incomplete(istiod: Istiod): string | undefined {
  const { desired, updated, ready } = istiod.rollout;
  const complete = desired > 0 && hasNewPodsOnly(istiod) && hasEnough(istiod);
  return complete ? undefined : `${istiodName(istiod)}: ${updated} updated and ${ready} ready of ${desired}`;
}

/**
 * Whether every replica has the new template, so that all give the same answers. A pod that cannot be created, for example because of a
 * quota, does not count: that may last.
 */
function hasNewPodsOnly({ rollout, generation }: Istiod): boolean {
  const { observedGeneration, existing, updated, desired, createFailure } = rollout;
  const isWhole = updated >= desired || (createFailure !== undefined && updated > 0);
  return observedGeneration >= generation && existing <= updated && isWhole;
}

/**
 * Whether enough replicas are available for a restart: the Deployment is Available, or no more replicas are missing than its strategy
 * allows. One missing replica is always tolerated. The charts' 25% of two replicas allow none (kubernetes pkg/controller/deployment/util
 * MaxUnavailable), so a permanently broken replica would block all restarts.
 */
function hasEnough({ rollout, maxUnavailable, isAvailable }: Istiod): boolean {
  const { desired, available } = rollout;
  return available > 0 && (isAvailable || available >= desired - Math.max(1, maxUnavailable));
}
