import { isLive } from '../compare/podGroups.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { PodFacts, Workload } from '../model.ts';
import { replacedPods } from './rollout.ts';

/** A restart by evictions as it stands. */
export interface EvictionState {
  readonly workload: Workload;
  /** Its pods, the terminating ones too, without those on lost nodes, which nobody can replace. */
  readonly pods: readonly PodFacts[];
  readonly onLostNodes?: number;
  /** UIDs of the live pods whose sidecar is not the expected one. */
  readonly outdated: ReadonlySet<string>;
  /** Whether the restart has brought a pod. */
  readonly origin: (pod: PodFacts) => PodOrigin;
}

/** `unclear`: a pod that existed when this process took the restart over, and whose age does not tell. */
export type PodOrigin = 'old' | 'brought' | 'unclear';

/** What is to be done next about a restart by evictions. */
export type NextEvictions =
  | { readonly kind: 'evict'; readonly pods: readonly PodFacts[]; readonly left: number }
  /** `isOwn`: it waits for pods that this restart has brought. */
  | { readonly kind: 'wait'; readonly detail: string; readonly isOwn: boolean; readonly left: number }
  /** A pod that the restart has brought is Ready and is outdated again: evicting more would bring more of these. */
  | { readonly kind: 'wrong'; readonly pods: readonly PodFacts[]; readonly left: number }
  /** Pods are of another template than the newest, which an eviction would roll out. */
  | { readonly kind: 'other-template'; readonly left: number }
  /** No old pod is outdated any more, and all pods are available but for those on lost nodes. */
  | { readonly kind: 'done'; readonly left: 0 };

/**
 * The next pods to evict. No more pods are unavailable at a time than the workload allows, whatever the reason: available is Ready for
 * `minReadySeconds`, as the controller counts, and every pod must be there. A pod that is not Ready itself costs nothing. Where all old
 * pods are down, one after the other is replaced. The highest ordinal comes first. Pure.
 */
export function nextEvictions({ workload, pods, onLostNodes = 0, outdated, origin }: EvictionState): NextEvictions {
  const live = pods.filter(isLive);
  const fresh = live.filter((pod) => origin(pod) === 'brought');
  const old = live.filter((pod) => origin(pod) === 'old' && outdated.has(pod.uid));
  const unclear = live.filter((pod) => origin(pod) === 'unclear' && outdated.has(pod.uid));
  const [doubtful] = unclear;
  const left = old.length + unclear.length;
  const wrong = fresh.filter(({ ready, uid }) => ready && outdated.has(uid));
  if (wrong.length > 0) return { kind: 'wrong', pods: wrong, left };
  const { desired, available, updated, observedGeneration } = workload.rollout;
  const reachable = desired - onLostNodes;
  const ready = live.filter((pod) => pod.ready).length;
  const unavailable = Math.max(0, desired - Math.min(ready, available));
  const isOwn = fresh.some((pod) => !pod.ready) || live.length < reachable || doubtful !== undefined;
  const wait = (detail: string): NextEvictions => ({ kind: 'wait', detail, isOwn, left });
  if (observedGeneration < workload.generation) return wait('the controller has not seen the last change yet');
  if (unavailable <= onLostNodes && left === 0) return { kind: 'done', left };
  // evicting one again that the restart has brought would be a second restart for the same reason
  if (doubtful) return wait(`it is not clear whether the restart has brought the outdated pod ${doubtful.name}`);
  if (live.length < reachable) return wait(`${live.length} of ${reachable} pods exist`);
  if (left === 0) return wait(`${desired - unavailable} of ${desired} pods are available`);
  const missing = replacedPods(workload) - updated;
  // the pods are seen a moment after the counts of their controller, which may not have those that were just made
  const uncounted = fresh.filter((pod) => !pod.ready).length;
  if (missing > uncounted) return { kind: 'other-template', left };
  if (missing > 0) return wait(`${updated} of ${desired} pods are of the newest template`);
  const ordered = inOrder(workload, old);
  const areOldDown = old.every((pod) => !pod.ready) && fresh.every((pod) => pod.ready);
  if (areOldDown) return { kind: 'evict', pods: ordered.slice(0, 1), left };
  const unready = ordered.filter((pod) => !pod.ready);
  const next = unavailable <= workload.maxUnavailable ? unready : [];
  const spare = Math.max(0, workload.maxUnavailable - unavailable);
  const now = [...next.slice(0, 1), ...ordered.filter((pod) => pod.ready).slice(0, spare)];
  return now.length > 0
    ? { kind: 'evict', pods: now, left }
    : wait(`${unavailable} of ${desired} pods are unavailable, and no more than ${workload.maxUnavailable} may be`);
}

/** Highest ordinal first, as the StatefulSet controller replaces pods (pkg/controller/statefulset/stateful_set_control.go). */
function inOrder({ kind }: Workload, pods: readonly PodFacts[]): PodFacts[] {
  if (!ownerKind(kind).hasOrdinals) return pods.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return pods.toSorted((a, b) => ordinal(b) - ordinal(a));
}

const ordinal = ({ name }: PodFacts): number => Number(/-(\d+)$/.exec(name)?.[1] ?? 0);
