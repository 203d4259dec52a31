import type { Budget, EventDraft, PodFacts, Workload, WorkloadKind, WorkloadRef } from '../model.ts';

/** The Service that a webhook names, as the API server's resolver needs it. */
export interface ServiceFacts {
  readonly type: string;
  readonly clusterIP: string;
  readonly externalName: string;
  readonly ports: readonly number[];
}

/**
 * Everything that the stages need from Kubernetes, apart from watches. Every method throws `ApiError`; `patch` also throws
 * `NotLeading`. A missing object is returned as undefined.
 * A dry run is another implementation of this port, not an `if`.
 */
export interface Cluster {
  workloads(kind: WorkloadKind, namespace: string | undefined, signal: AbortSignal): Promise<Workload[]>;
  workload(ref: WorkloadRef): Promise<Workload | undefined>;
  /** The live pods that a workload owns, through its ReplicaSets where it has some; without terminal and terminating ones. */
  podsOf(workload: Workload): Promise<PodFacts[]>;
  /** Every pod of the cluster or of one namespace, page by page; pages are not one snapshot. */
  pods(namespace: string | undefined, signal: AbortSignal): AsyncIterable<PodFacts[]>;
  /** The PodDisruptionBudgets of one namespace or of the whole cluster. */
  budgets(namespace: string | undefined, signal?: AbortSignal): Promise<Budget[]>;
  /** Those of the named nodes that are not Ready; a node that is gone is not. */
  lostNodes(names: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Why a rollout makes no progress, in the words of the last rejection; undefined if there is none.
   * @param since when the rollout began, in milliseconds since the epoch. Older rejections do not belong to it
   */
  rejection(workload: Workload, since?: number): Promise<string | undefined>;
  service(namespace: string, name: string): Promise<ServiceFacts | undefined>;
  /** JSON merge patch on a workload; 409 if its resourceVersion is not the one in the patch. Returns the workload as patched. */
  patch(ref: WorkloadRef, body: object): Promise<Workload>;
  emit(event: EventDraft): Promise<void>;
}
