import type { Rule } from '../rule.ts';

export const paused: Rule<'paused'> = {
  code: 'paused',
  endedBy: 'kubectl -n {namespace} rollout resume {kind} {name}',
  help: 'The rollout is paused.',
  ends: 'You resume the rollout: `kubectl rollout resume`.',
  lookAgain: 30_000,
  heldBy: 'its owners',
  holdsNoWave: true,
  check: ({ workload }) =>
    workload.paused
      ? { detail: 'spec.paused is true; a restart would begin only after you resume the rollout' }
      : undefined,
};
