import { ROLLOUT_PAUSED } from '../../kinds/rolloutGroup.ts';
import type { Rule } from '../rule.ts';

export const rolloutPaused: Rule<'rollout-paused'> = {
  code: 'rollout-paused',
  endedBy: `kubectl -n {namespace} annotate {kind} {name} ${ROLLOUT_PAUSED}-`,
  help: `The StatefulSet has the annotation \`${ROLLOUT_PAUSED}: "true"\`. The others of its rollout group go on.`,
  ends: 'You remove the annotation.',
  lookAgain: 30_000,
  heldBy: 'its owners',
  holdsNoWave: true,
  betweenPods: true,
  check: ({ workload }) =>
    workload.rolloutGroup?.paused ? { detail: `its annotation ${ROLLOUT_PAUSED} is "true"` } : undefined,
};
