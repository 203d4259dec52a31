import { ON_DELETE } from '../kinds/onDelete.ts';
import { keyOf, type Workload } from '../model.ts';
import type { Finding } from './wait.ts';

/** The StatefulSets of each rollout group, by namespace and name of the group. */
export type RolloutGroups = ReadonlyMap<string, readonly Workload[]>;

/** What distinguishes the groups of a cluster; undefined for a workload without a group. */
export const groupKeyOf = ({ namespace, rolloutGroup }: Workload): string | undefined =>
  rolloutGroup && `${namespace}/${rolloutGroup.name}`;

/** The groups that these workloads form. */
export function rolloutGroupsOf(workloads: Iterable<Workload>): RolloutGroups {
  const groups = new Map<string, Workload[]>();
  for (const workload of workloads) {
    const key = groupKeyOf(workload);
    if (key === undefined) continue;
    const members = groups.get(key) ?? [];
    members.push(workload);
    groups.set(key, members);
  }
  return groups;
}

/**
 * Why the whole group is not restarted: rollout-operator requires that all its StatefulSets have the strategy OnDelete
 * (rollout-operator, README, "How updates work").
 */
export function mixedGroup(members: readonly Workload[]): Finding | undefined {
  const other = members.find(({ strategy }) => strategy !== ON_DELETE);
  return other && { detail: `${nameOf(other)} has the update strategy ${other.strategy}; all must have ${ON_DELETE}` };
}

/** The first StatefulSet of the group, other than this one, whose pods are not all Ready. */
export function unreadyMember(workload: Workload, members: readonly Workload[]): Finding | undefined {
  const others = members.filter((member) => keyOf(member) !== keyOf(workload));
  const unready = others.find(({ generation, rollout }) => {
    const { observedGeneration, existing, desired, ready } = rollout;
    return observedGeneration < generation || existing !== desired || ready < desired;
  });
  if (!unready) return undefined;
  const { ready, desired } = unready.rollout;
  return { detail: `${ready} of ${desired} pods of ${nameOf(unready)} are Ready` };
}

/** The others of its group for which a StatefulSet waits. They may be current, and then wait for nothing themselves. */
export const membersInTheWay = (workload: Workload, members: readonly Workload[]): readonly Workload[] =>
  members.filter((one) => {
    const isOther = keyOf(one) !== keyOf(workload);
    return isOther && (mixedGroup([one]) ?? unreadyMember(workload, [one])) !== undefined;
  });

const nameOf = ({ kind, name, rolloutGroup }: Workload): string =>
  `${kind} ${name} of the rollout group ${rolloutGroup?.name}`;
