import { ON_DELETE } from '../../kinds/onDelete.ts';
import { isOurFailure } from '../ownFailure.ts';
import { isSettled } from '../rollout.ts';
import type { Rule } from '../rule.ts';

/** An update of its own people is theirs to roll out. Pods that are late because of our own failed restart need another restart. */
export const updatePending: Rule<'update-pending'> = {
  code: 'update-pending',
  help:
    'An update of this workload is in progress, paused, aborted or failed. Or, with the update strategy `OnDelete`, not all pods have ' +
    'the newest pod template. A replaced pod could get the new template, so the restart waits until the owners end the update.',
  ends: 'Its owners complete or abort the update, so that all pods have one pod template.',
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
