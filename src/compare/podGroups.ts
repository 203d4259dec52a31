import { findKind, isIntermediate, kindThrough } from '../kinds/kinds.ts';
import { namesAnObject } from '../kinds/namesAnObject.ts';
import { isNode, POD_ITSELF } from '../kinds/unsupportedKinds.ts';
import type { OtherSidecars, PodFacts, PodOwner, PodSample, Sidecar, Workload } from '../model.ts';

/** Pods of one workload that look alike. */
export interface PodGroup {
  readonly sidecar: Sidecar;
  /** The sidecars of other sources; absent if they have none. */
  readonly others?: OtherSidecars;
  readonly templateHash: string;
  readonly ready: boolean;
  /** The annotation that asks not to disrupt these pods, with its value. */
  readonly doNotDisrupt?: string;
  readonly count: number;
  /** The creation time of the youngest pod. */
  readonly youngest: number;
  /** The ordinals of a StatefulSet's pods, from their names. */
  readonly ordinals?: readonly number[];
  /** UID of the pod, where the group is a single one. */
  readonly uid?: string;
}

/** Whether a pod counts for a verdict. Terminal and terminating pods do not. */
export const isLive = (pod: PodFacts): boolean => !pod.deleting && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';

/**
 * The workload that a pod seems to belong to. A Deployment's ReplicaSet is named after it, with the template hash as suffix
 * (pkg/controller/deployment/sync.go), and a Rollout's likewise (argo-rollouts rollout/sync.go), so removing the hash gives the name.
 * This is only a hint: `kubectl delete --cascade=orphan` leaves ReplicaSets that a Deployment with another name may adopt
 * (pkg/controller/controller_ref_manager.go).
 */
function seemingOwner(pod: PodFacts): string | undefined {
  const { owner, namespace, templateHash, hashLabel } = pod;
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
    const { image, revision, placement, injected, config } = pod.sidecar;
    const others = pod.others ? othersWord(pod.others) : '';
    const { templateHash, ready, doNotDisrupt } = pod;
    const key = [image, revision, placement, injected, config?.hash, templateHash, ready, others, doNotDisrupt].join(
      ' ',
    );
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

const othersWord = (others: OtherSidecars): string =>
  JSON.stringify(Object.entries(others).map(([name, { config, ...placed }]) => [name, placed, config?.hash]));

function newGroup({ sidecar, others, templateHash, ready, owner, doNotDisrupt }: PodFacts): Growing {
  const ordinals = findKind(owner?.kind)?.hasOrdinals ? { ordinals: [] } : {};
  const asked = doNotDisrupt === undefined ? {} : { doNotDisrupt };
  return { sidecar, templateHash, ready, count: 0, youngest: 0, ...(others && { others }), ...asked, ...ordinals };
}

/** A group of one pod. */
export const groupOfOne = (pod: PodFacts): PodGroup => ({
  ...newGroup(pod),
  count: 1,
  youngest: pod.createdAt,
  uid: pod.uid,
});

/** A controller with live pods: a ReplicaSet, a StatefulSet, or any other object that creates pods. A bare pod is its own. */
export interface Controller extends PodOwner {
  readonly namespace: string;
  /** The workload that it seems to belong to according to its name, if any. */
  readonly hint: string | undefined;
  /** Of one of its pods, if it seems to be of no supported kind. */
  readonly sample?: PodSample;
}

/** The pods of a scan by the UID of their controller. Names can be reused, and a ReplicaSet can change its owner. */
export class PodsByController {
  readonly #controllers = new Map<string, Controller>();
  readonly #groups = new PodGroups();

  add(pod: PodFacts): void {
    if (!isLive(pod)) return;
    const place = placeOf(pod.namespace, pod.owner?.uid ?? '');
    this.#groups.add(pod, this.#controllers.has(place) ? place : this.#found(pod));
  }

  #found(pod: PodFacts): string {
    const { namespace, sample } = pod;
    const owner = controllerOf(pod);
    const place = placeOf(namespace, owner.uid);
    if (!this.#controllers.has(place))
      this.#controllers.set(place, { ...owner, namespace, hint: seemingOwner(pod), ...(sample && { sample }) });
    return place;
  }

  controllers(): Iterable<Controller> {
    return this.#controllers.values();
  }

  groupsOf({ namespace, uid }: Controller): readonly PodGroup[] {
    return this.#groups.of(placeOf(namespace, uid));
  }
}

/** Owners are told apart by namespace too: whoever makes a pod may write the UID of another namespace's owner into it. */
const placeOf = (namespace: string, uid: string): string => `${namespace}/${uid}`;

const controllerOf = ({ owner, name, uid }: PodFacts): PodOwner =>
  owner && !isNode(owner) && namesAnObject(owner) ? owner : { ...POD_ITSELF, name, uid };

/** Whether these pods carry an injected sidecar. */
export const isInjected = ({ sidecar, others }: PodGroup): boolean =>
  (sidecar.injected && sidecar.placement !== 'none') || others !== undefined;

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
