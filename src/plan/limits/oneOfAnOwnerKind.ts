import type { Limit } from './limit.ts';

export const oneOfAnOwnerKind: Limit<'owner-kind'> = {
  code: 'owner-kind',
  help: 'Another workload of the same kind of owner is being restarted; the workloads of one operator are restarted one by one.',
  lookAgain: 'on-change',
  check({ workload }, counts) {
    const other = workload.owner && counts.ofOwner(workload.owner);
    return other && { detail: `${other} is in flight and is also owned by a ${workload.owner?.kind}` };
  },
};
