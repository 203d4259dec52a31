import type { PodFacts } from '../model.ts';
import type { PodGroup } from './verdict.ts';

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
    const key = [image, revision, placement, injected, pod.templateHash].join(' ');
    const known = groups.get(key);
    groups.set(key, {
      sidecar: known?.sidecar ?? pod.sidecar,
      templateHash: pod.templateHash,
      count: (known?.count ?? 0) + 1,
    });
  }

  of(owner: string): PodGroup[] {
    return [...(this.#owners.get(owner)?.values() ?? [])];
  }
}
