import { isCanary } from '../canaries.ts';
import type { Limit } from './limit.ts';

/** A Canary of Flagger only names a primary: no operator has all of these to look after at once. */
export const oneOfAnOwnerKind: Limit<'owner-kind'> = {
  code: 'owner-kind',
  help: 'Another workload of the same kind of owner is being restarted; the workloads of one operator are restarted one by one.',
  ends: 'The restart of the other workload ends.',
  lookAgain: 'on-change',
  check({ workload }, counts) {
    if (!workload.owner || isCanary(workload.owner)) return undefined;
    const other = counts.ofOwner(workload.owner);
    return other && { detail: `${other} is in flight and is also owned by a ${workload.owner?.kind}` };
  },
};
