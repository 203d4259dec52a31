import { groupKeyOf } from '../rolloutGroups.ts';
import type { Limit } from './limit.ts';

export const oneOfARolloutGroup: Limit<'rollout-group'> = {
  code: 'rollout-group',
  help: 'Another StatefulSet of its rollout group is being restarted. They are restarted one after the other.',
  ends: 'The restart of the other StatefulSet ends.',
  lookAgain: 'on-change',
  check({ workload }, counts) {
    const group = groupKeyOf(workload);
    const other = group === undefined ? undefined : counts.ofGroup(group, workload.namespace);
    return other && { detail: `${other} of the rollout group ${workload.rolloutGroup?.name} is in flight` };
  },
};
