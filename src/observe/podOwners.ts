import type { Controller, PodGroup, PodsByController } from '../compare/podGroups.ts';
import { isIntermediate, ownerKind } from '../kinds/kinds.ts';
import { loopSlices } from '../loopSlices.ts';
import { keyOf, type PodFacts, type Workload, type WorkloadKey } from '../model.ts';

/** The pods of a scan by what they belong to. */
export interface Assigned {
  /** The groups of pods of each workload that has pods. */
  readonly owned: ReadonlyMap<WorkloadKey, PodGroup[]>;
  /** Controllers that belong to no workload that was seen. */
  readonly unclaimed: readonly Controller[];
}

/**
 * Maps each pod of a scan to its workload. Pods of StatefulSets and DaemonSets refer to it by UID. Pods of Deployments and Rollouts
 * refer to a ReplicaSet. Its owner is guessed from its name until a read of the single workload has seen the ReplicaSet's
 * ownerReferences.
 */
export class PodOwners {
  /** UIDs of workloads by the UIDs of their ReplicaSets, from reads of single workloads. */
  readonly #learnt = new Map<string, { readonly workload: string; readonly namespace: string }>();

  async assign(pods: PodsByController, workloads: readonly Workload[]): Promise<Assigned> {
    const byUid = new Map(workloads.map((workload) => [workload.uid, keyOf(workload)]));
    const names = new Set<string>(byUid.values());
    const owned = new Map<WorkloadKey, PodGroup[]>();
    const unclaimed: Controller[] = [];
    const slices = loopSlices();
    for (const controller of pods.controllers()) {
      await slices.step();
      const key = this.#ownerOf(controller, byUid, names);
      if (key === undefined) {
        unclaimed.push(controller);
        continue;
      }
      const groups = owned.get(key);
      // most have one controller; a copy of its list takes less memory than one that was pushed to, for which V8 makes room for 17
      if (!groups) owned.set(key, [...pods.groupsOf(controller)]);
      else for (const group of pods.groupsOf(controller)) groups.push(group);
    }
    return { owned, unclaimed };
  }

  #ownerOf(
    { uid, kind, hint }: Controller,
    byUid: ReadonlyMap<string, WorkloadKey>,
    names: ReadonlySet<string>,
  ): WorkloadKey | undefined {
    if (!isIntermediate(kind)) return byUid.get(uid);
    const learnt = byUid.get(this.#learnt.get(uid)?.workload ?? '');
    return learnt ?? (hint !== undefined && names.has(hint) ? (hint as WorkloadKey) : undefined);
  }

  /** Whether a read of a single workload has shown whose it is. */
  knows({ uid }: Controller): boolean {
    return this.#learnt.has(uid);
  }

  /** Stores a read of one workload: it owns exactly these pods. */
  learn({ kind, uid, namespace }: Workload, pods: readonly PodFacts[]): void {
    if (!ownerKind(kind).through) return;
    for (const [controller, { workload }] of this.#learnt) if (workload === uid) this.#learnt.delete(controller);
    for (const { owner } of pods) if (owner?.uid) this.#learnt.set(owner.uid, { workload: uid, namespace });
  }

  /**
   * Forgets controllers that have no pods left.
   * @param namespace the scanned namespace; undefined for the whole cluster
   */
  keepOnly(pods: PodsByController, namespace: string | undefined): void {
    const there = new Set([...pods.controllers()].map(({ uid }) => uid));
    for (const [uid, learnt] of this.#learnt)
      if ((namespace === undefined || learnt.namespace === namespace) && !there.has(uid)) this.#learnt.delete(uid);
  }

  get size(): number {
    return this.#learnt.size;
  }
}
