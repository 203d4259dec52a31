import { isOurFailure } from '../ownFailure.ts';
import type { Rule } from '../rule.ts';

/** An update of its own people is theirs to roll out. Pods that are late because of our own failed restart need another restart. */
export const updatePending: Rule<'update-pending'> = {
  code: 'update-pending',
  help: 'An update of this workload has not ended, is paused, was aborted or has failed. Restarts wait until its people end it.',
  lookAgain: 30_000,
  check(assessed) {
    const { pendingUpdate } = assessed.workload;
    if (!pendingUpdate || (pendingUpdate.isLate && isOurFailure(assessed))) return undefined;
    return { detail: pendingUpdate.detail };
  },
};
