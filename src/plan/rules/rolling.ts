import { isOurFailure } from '../ownFailure.ts';
import { isSettled, rolloutState } from '../rollout.ts';
import type { Rule } from '../rule.ts';

export const rolling: Rule<'rolling'> = {
  code: 'rolling',
  help: 'A rollout of this workload is in progress.',
  ends: 'The rollout is complete.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  check(assessed) {
    const { workload } = assessed;
    if (isSettled(workload) || isOurFailure(assessed)) return undefined;
    const state = rolloutState(workload);
    return { detail: state.kind === 'complete' ? 'a rollout is in progress' : state.detail };
  },
};
