import { actuatorOf } from '../../kinds/actuatorOf.ts';
import { isAllDown } from '../budget.ts';
import { isOurFailure } from '../ownFailure.ts';
import type { Rule } from '../rule.ts';

/**
 * Recreate deletes every pod, so a workload with missing pods must wait. An eviction takes one more pod away, unless an outdated pod is the
 * one that is missing. The DaemonSet controller counts pods on lost nodes as unavailable (pkg/controller/daemon/update.go): if they use up
 * what the strategy allows, it replaces no other pod. If every pod is outdated and none is Ready, a restart does no harm and may be the
 * cure.
 */
export const unavailable: Rule<'unavailable'> = {
  code: 'unavailable',
  help: 'More pods are unavailable than its own update strategy allows.',
  ends: 'Enough of its pods are available.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  check(assessed, { policy }) {
    const { workload, verdict, onLostNodes } = assessed;
    const { desired, available } = workload.rollout;
    const missing = desired - available;
    const evicts = actuatorOf(workload, policy).evicts && !verdict.outdatedGroups.some(({ ready }) => !ready);
    const spared = workload.strategy === 'Recreate' ? workload.maxUnavailable : evicts ? 1 : 0;
    const allowed = workload.maxUnavailable - spared;
    if (isOurFailure(assessed) || isAllDown(assessed)) return undefined;
    if (onLostNodes > 0 && onLostNodes >= allowed)
      return {
        detail: `${onLostNodes} of ${desired} pods are on nodes that are not Ready, its strategy allows ${allowed}`,
      };
    return missing > allowed
      ? { detail: `${missing} of ${desired} pods are unavailable, its strategy allows ${allowed}` }
      : undefined;
  },
};
