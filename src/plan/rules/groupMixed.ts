import { groupKeyOf, mixedGroup } from '../rolloutGroups.ts';
import type { Rule } from '../rule.ts';

export const groupMixed: Rule<'group-mixed'> = {
  code: 'group-mixed',
  help:
    'A StatefulSet of its rollout group has another update strategy than `OnDelete`. The whole group is skipped until all have it, as ' +
    'rollout-operator does.',
  ends: 'Every StatefulSet of the group has the update strategy `OnDelete`.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  holdsNoWave: true,
  betweenPods: true,
  check: ({ workload }, { rolloutGroups }) => mixedGroup(rolloutGroups.get(groupKeyOf(workload) ?? '') ?? []),
};
