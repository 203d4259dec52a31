import { ON_DELETE } from '../../kinds/onDelete.ts';
import { isSettled } from '../rollout.ts';
import type { Rule } from '../rule.ts';

export const updatePending: Rule<'update-pending'> = {
  code: 'update-pending',
  help:
    'Not all pods are of the newest pod template, and with the update strategy `OnDelete` its owners roll it out themselves. ' +
    'Meltemi waits until they have, because a replaced pod would get that template.',
  lookAgain: 30_000,
  check({ workload }) {
    const { strategy, rollout } = workload;
    if (strategy !== ON_DELETE || isSettled(workload)) return undefined;
    return { detail: `${rollout.updated} of ${rollout.desired} pods are of the newest template` };
  },
};
