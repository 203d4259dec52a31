import type { Istiod } from '../../expect/mesh.ts';
import { DOES_NOT_APPLY, type Gate, istiodName } from './gate.ts';

/** G1. */
export const istiodRolling: Gate<'istiod-rolling'> = {
  code: 'istiod-rolling',
  help: "The rollout of the revision's istiod is not complete (gate G1).",
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
 * Every replica is of the new template, so all that answer give the same answers. A pod that cannot be created, because of a quota for
 * example, is a state and no transition: it is not waited for.
 */
function hasNewPodsOnly({ rollout, generation }: Istiod): boolean {
  const { observedGeneration, existing, updated, desired, createFailure } = rollout;
  const isWhole = updated >= desired || (createFailure !== undefined && updated > 0);
  return observedGeneration >= generation && existing <= updated && isWhole;
}

/**
 * Whether it can carry a restart. The Deployment's condition Available says so; where it does not, one broken replica more than the
 * strategy allows is not waited for: the charts' 25% of two replicas allow none (kubernetes pkg/controller/deployment/util
 * MaxUnavailable), and a replica that is broken for good would hold everything for good.
 */
function hasEnough({ rollout, maxUnavailable, isAvailable }: Istiod): boolean {
  const { desired, available } = rollout;
  return available > 0 && (isAvailable || available >= desired - Math.max(1, maxUnavailable));
}
