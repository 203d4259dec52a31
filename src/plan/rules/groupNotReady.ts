import { groupKeyOf, unreadyMember } from '../rolloutGroups.ts';
import type { Rule } from '../rule.ts';

export const groupNotReady: Rule<'group-not-ready'> = {
  code: 'group-not-ready',
  help: 'Pods of another StatefulSet of its rollout group are not Ready. Only one of a group may lack pods at a time.',
  ends: 'The pods of the other StatefulSet are Ready.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  betweenPods: true,
  check: ({ workload }, { rolloutGroups }) =>
    unreadyMember(workload, rolloutGroups.get(groupKeyOf(workload) ?? '') ?? []),
};
