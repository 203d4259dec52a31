import { findKind, kindThrough } from '../kinds/kinds.ts';
import type { PodFacts, Sidecar, Workload } from '../model.ts';

/** Pods of one workload that look alike. */
export interface PodGroup {
  readonly sidecar: Sidecar;
  readonly templateHash: string;
  readonly ready: boolean;
  readonly count: number;
  /** When the youngest of them was created. */
  readonly youngest: number;
  /** Of a StatefulSet's pods, whose names say which is which. */
  readonly ordinals?: readonly number[];
}

/** Whether a pod takes part in a verdict: terminal and terminating pods are history. */
export const isLive = (pod: PodFacts): boolean => !pod.deleting && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';

/**
 * The workload a pod seems to belong to. A ReplicaSet of a Deployment is named after it with the template hash as suffix
 * (pkg/controller/deployment/sync.go), so the hash gives the name. A hint only: `kubectl delete
 * --cascade=orphan` leaves ReplicaSets that a Deployment of another name may adopt (pkg/controller/controller_ref_manager.go).
 */
export function seemingOwner({ owner, namespace, templateHash }: PodFacts): string | undefined {
  if (!owner) return undefined;
  const through = kindThrough(owner.kind);
  if (!through) return `${owner.kind}/${namespace}/${owner.name}`;
  const suffix = `-${templateHash}`;
  return templateHash && owner.name.endsWith(suffix)
    ? `${through.kind}/${namespace}/${owner.name.slice(0, -suffix.length)}`
    : undefined;
}

interface Growing extends PodGroup {
  count: number;
  youngest: number;
  readonly ordinals?: number[];
}

/** Adds pods to the groups of like pods that each owner has; memory follows the owners, not the pods. */
export class PodGroups {
  readonly #owners = new Map<string, Map<string, Growing>>();

  add(pod: PodFacts, owner: string | undefined = seemingOwner(pod)): void {
    if (!owner || !isLive(pod)) return;
    const groups = this.#owners.get(owner) ?? new Map<string, Growing>();
    this.#owners.set(owner, groups);
    const { image, revision, placement, injected } = pod.sidecar;
    const key = [image, revision, placement, injected, pod.templateHash, pod.ready].join(' ');
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

function newGroup({ sidecar, templateHash, ready, owner }: PodFacts): Growing {
  const ordinals = findKind(owner?.kind)?.hasOrdinals ? { ordinals: [] } : {};
  return { sidecar, templateHash, ready, count: 0, youngest: 0, ...ordinals };
}

/** A controller with live pods: a ReplicaSet, a StatefulSet, or anything else that makes pods. */
export interface Controller {
  readonly uid: string;
  readonly kind: string;
  /** The workload that it seems to belong to by its name, if there is such a one. */
  readonly hint: string | undefined;
}

/** Pods of a scan by the UID of their controller: names can be reused, and a ReplicaSet can change its owner. */
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

/** How many pods there are in groups. */
export const countOf = (groups: readonly PodGroup[]): number => groups.reduce((sum, { count }) => sum + count, 0);

/** A StatefulSet's pod is named after it with its ordinal as suffix (pkg/controller/statefulset/stateful_set_utils.go). */
function ordinalOf(name: string): number | undefined {
  const digits = /-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The pods that a rollout would replace: of a StatefulSet with a partition only those from the partition on. */
export function replaceable({ partition, firstOrdinal }: Workload, groups: readonly PodGroup[]): readonly PodGroup[] {
  if (partition === 0) return groups;
  return groups.flatMap((group) => {
    const ordinals = group.ordinals?.filter((ordinal) => ordinal - firstOrdinal >= partition);
    return ordinals && ordinals.length > 0 ? { ...group, ordinals, count: ordinals.length } : [];
  });
}
