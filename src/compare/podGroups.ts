import { findKind, isIntermediate, kindThrough } from '../kinds/kinds.ts';
import type { OtherSidecars, PodFacts, Sidecar, Workload } from '../model.ts';

/** Pods of one workload that look alike. */
export interface PodGroup {
  readonly sidecar: Sidecar;
  /** The sidecars of other sources; absent if they have none. */
  readonly others?: OtherSidecars;
  readonly templateHash: string;
  readonly ready: boolean;
  readonly count: number;
  /** The creation time of the youngest pod. */
  readonly youngest: number;
  /** The ordinals of a StatefulSet's pods, from their names. */
  readonly ordinals?: readonly number[];
}

/** Whether a pod counts for a verdict. Terminal and terminating pods do not. */
export const isLive = (pod: PodFacts): boolean => !pod.deleting && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';

/** The label of a Deployment's pods. */
const TEMPLATE_HASH = 'pod-template-hash';

/**
 * The workload that a pod seems to belong to. A Deployment's ReplicaSet is named after it, with the template hash as suffix
 * (pkg/controller/deployment/sync.go), and a Rollout's likewise (argo-rollouts rollout/sync.go), so removing the hash gives the name.
 * This is only a hint: `kubectl delete --cascade=orphan` leaves ReplicaSets that a Deployment with another name may adopt
 * (pkg/controller/controller_ref_manager.go).
 */
export function seemingOwner(pod: PodFacts): string | undefined {
  const { owner, namespace, templateHash, hashLabel = TEMPLATE_HASH } = pod;
  if (!owner) return undefined;
  if (!isIntermediate(owner.kind)) return `${owner.kind}/${namespace}/${owner.name}`;
  const through = kindThrough(owner.kind, hashLabel);
  const suffix = `-${templateHash}`;
  return through && templateHash && owner.name.endsWith(suffix)
    ? `${through.kind}/${namespace}/${owner.name.slice(0, -suffix.length)}`
    : undefined;
}

interface Growing extends PodGroup {
  count: number;
  youngest: number;
  readonly ordinals?: number[];
}

/** Adds pods to the groups of similar pods of each owner. Memory grows with the owners, not with the pods. */
export class PodGroups {
  readonly #owners = new Map<string, Map<string, Growing>>();

  add(pod: PodFacts, owner: string | undefined = seemingOwner(pod)): void {
    if (!owner || !isLive(pod)) return;
    const groups = this.#owners.get(owner) ?? new Map<string, Growing>();
    this.#owners.set(owner, groups);
    const { image, revision, placement, injected } = pod.sidecar;
    const others = pod.others ? JSON.stringify(pod.others) : '';
    const key = [image, revision, placement, injected, pod.templateHash, pod.ready, others].join(' ');
    const group = groups.get(key) ?? newGroup(pod);
    groups.set(key, group);
    group.count += 1;
    group.youngest = Math.max(group.youngest, pod.createdAt);
    const ordinal = group.ordinals && ordinalOf(pod.name);
    if (ordinal !== undefined) group.ordinals?.push(ordinal);
  }

  of(owner: string): readonly PodGroup[] {
    return [...(this.#owners.get(owner)?.values() ?? [])];
  }
}

function newGroup({ sidecar, others, templateHash, ready, owner }: PodFacts): Growing {
  const ordinals = findKind(owner?.kind)?.hasOrdinals ? { ordinals: [] } : {};
  return { sidecar, templateHash, ready, count: 0, youngest: 0, ...(others && { others }), ...ordinals };
}

/** A controller with live pods: a ReplicaSet, a StatefulSet, or any other object that creates pods. */
export interface Controller {
  readonly uid: string;
  readonly kind: string;
  /** The workload that it seems to belong to according to its name, if any. */
  readonly hint: string | undefined;
}

/** The pods of a scan by the UID of their controller. Names can be reused, and a ReplicaSet can change its owner. */
export class PodsByController {
  readonly #controllers = new Map<string, Controller>();
  readonly #groups = new PodGroups();

  add(pod: PodFacts): void {
    const { owner } = pod;
    if (!owner?.uid || !isLive(pod)) return;
    if (!this.#controllers.has(owner.uid))
      this.#controllers.set(owner.uid, { uid: owner.uid, kind: owner.kind, hint: seemingOwner(pod) });
    this.#groups.add(pod, owner.uid);
  }

  controllers(): Iterable<Controller> {
    return this.#controllers.values();
  }

  groupsOf({ uid }: Controller): readonly PodGroup[] {
    return this.#groups.of(uid);
  }
}

/** The number of pods in groups. */
export const countOf = (groups: readonly PodGroup[]): number => groups.reduce((sum, { count }) => sum + count, 0);

/** A StatefulSet's pod has the name of the StatefulSet with its ordinal as suffix (pkg/controller/statefulset/stateful_set_utils.go). */
function ordinalOf(name: string): number | undefined {
  const digits = /-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The pods that a rollout would replace. For a StatefulSet with a partition, only the pods from the partition on. */
export function replaceable({ partition, firstOrdinal }: Workload, groups: readonly PodGroup[]): readonly PodGroup[] {
  if (partition === 0) return groups;
  return groups.flatMap((group) => {
    const ordinals = group.ordinals?.filter((ordinal) => ordinal - firstOrdinal >= partition);
    return ordinals && ordinals.length > 0 ? { ...group, ordinals, count: ordinals.length } : [];
  });
}
