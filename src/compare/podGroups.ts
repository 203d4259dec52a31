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
 * (pkg/controller/deployment/sync.go), so the hash gives the name; the owner's UID is checked before a write.
 */
export function seemingOwner({ owner, namespace, templateHash }: PodFacts): string | undefined {
  if (!owner) return undefined;
  if (owner.kind !== 'ReplicaSet') return `${owner.kind}/${namespace}/${owner.name}`;
  const suffix = `-${templateHash}`;
  return templateHash && owner.name.endsWith(suffix)
    ? `Deployment/${namespace}/${owner.name.slice(0, -suffix.length)}`
    : undefined;
}

/** Adds pods to the groups of like pods that each owner has; memory follows the workloads, not the pods. */
export class PodGroups {
  readonly #owners = new Map<string, Map<string, PodGroup>>();

  add(pod: PodFacts, owner: string | undefined = seemingOwner(pod)): void {
    if (!owner || !isLive(pod)) return;
    const groups = this.#owners.get(owner) ?? new Map<string, PodGroup>();
    this.#owners.set(owner, groups);
    const { image, revision, placement, injected } = pod.sidecar;
    const key = [image, revision, placement, injected, pod.templateHash, pod.ready].join(' ');
    const known = groups.get(key);
    const ordinal = pod.owner?.kind === 'StatefulSet' ? ordinalOf(pod.name) : undefined;
    groups.set(key, {
      sidecar: known?.sidecar ?? pod.sidecar,
      templateHash: pod.templateHash,
      ready: pod.ready,
      count: (known?.count ?? 0) + 1,
      youngest: Math.max(known?.youngest ?? 0, pod.createdAt),
      ...(ordinal !== undefined && { ordinals: [...(known?.ordinals ?? []), ordinal] }),
    });
  }

  of(owner: string): PodGroup[] {
    return [...(this.#owners.get(owner)?.values() ?? [])];
  }
}

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
