import type { Cluster } from '../cluster/cluster.ts';
import { isLive } from '../compare/podGroups.ts';
import { keyOf, type Workload } from '../model.ts';
import { groupKeyOf, mixedGroup, unreadyMember } from '../plan/rolloutGroups.ts';

/**
 * Why no pod of a StatefulSet may be evicted because of the others of its rollout group, as they are now. Their controllers' counts may be
 * late, so their pods are read, too.
 * @returns undefined if nothing is in the way, or the workload has no group
 */
export async function groupOverlap(
  cluster: Pick<Cluster, 'workloads' | 'podsOf'>,
  workload: Workload,
  signal: AbortSignal,
): Promise<string | undefined> {
  const group = groupKeyOf(workload);
  if (group === undefined) return undefined;
  const all = await cluster.workloads(workload.kind, workload.namespace, signal);
  const members = all.filter((one) => groupKeyOf(one) === group);
  const finding = mixedGroup(members) ?? unreadyMember(workload, members);
  if (finding) return finding.detail;
  for (const member of members.filter((one) => keyOf(one) !== keyOf(workload))) {
    const pods = (await cluster.podsOf(member)).filter((pod) => isLive(pod) && pod.ready);
    if (pods.length < member.rollout.desired)
      return `${pods.length} of ${member.rollout.desired} pods of ${member.kind} ${member.name} are Ready`;
  }
  return undefined;
}
