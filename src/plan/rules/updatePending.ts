import { ON_DELETE } from '../../kinds/onDelete.ts';
import { isOurFailure } from '../ownFailure.ts';
import { isSettled } from '../rollout.ts';
import type { Rule } from '../rule.ts';

/** An update of its own people is theirs to roll out. Pods that are late because of our own failed restart need another restart. */
export const updatePending: Rule<'update-pending'> = {
  code: 'update-pending',
  help:
    'An update of this workload has not ended, is paused, was aborted or has failed, or, with the update strategy `OnDelete`, not all ' +
    'pods are of the newest pod template. Restarts wait until its people end it, because a replaced pod could get that template.',
  ends: 'Its people complete or abort the update, so that all pods are of one pod template.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  check(assessed) {
    const { strategy, rollout, pendingUpdate } = assessed.workload;
    if (strategy === ON_DELETE && !isSettled(assessed.workload))
      return { detail: `${rollout.updated} of ${rollout.desired} pods are of the newest template` };
    if (!pendingUpdate || (pendingUpdate.isLate && isOurFailure(assessed))) return undefined;
    return { detail: pendingUpdate.detail };
  },
};
