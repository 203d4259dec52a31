import { ROLLOUT_PAUSED } from '../../kinds/rolloutGroup.ts';
import type { Rule } from '../rule.ts';

export const rolloutPaused: Rule<'rollout-paused'> = {
  code: 'rollout-paused',
  help: `The StatefulSet has the annotation \`${ROLLOUT_PAUSED}: "true"\`. The others of its rollout group go on.`,
  lookAgain: 30_000,
  endedBy: `kubectl -n {namespace} annotate {kind} {name} ${ROLLOUT_PAUSED}-`,
  betweenPods: true,
  check: ({ workload }) =>
    workload.rolloutGroup?.paused ? { detail: `its annotation ${ROLLOUT_PAUSED} is "true"` } : undefined,
};
