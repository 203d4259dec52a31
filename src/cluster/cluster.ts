import type { ApiResource } from '../kinds/apiResource.ts';
import type { Budget, Canary, EventDraft, PodFacts, Workload, WorkloadKind, WorkloadRef } from '../model.ts';

/** The fields of a webhook's Service that the API server's resolver uses. */
export interface ServiceFacts {
  readonly type: string;
  readonly clusterIP: string;
  readonly externalName: string;
  readonly ports: readonly number[];
}

/**
 * Everything that the stages need from Kubernetes, except watches. Every method throws `ApiError`; `patch` also throws `NotLeading`. A
 * missing object is returned as undefined. A dry run is another implementation of this port, not an `if`.
 */
export interface Cluster {
  workloads(kind: WorkloadKind, namespace: string | undefined, signal: AbortSignal): Promise<Workload[]>;
  workload(ref: WorkloadRef): Promise<Workload | undefined>;
  /** The live pods of a workload, directly or through its ReplicaSets; without terminal and terminating pods. */
  podsOf(workload: Workload, containers?: readonly string[]): Promise<PodFacts[]>;
  /**
   * All pods of the cluster or of one namespace, page by page. The pages are not one snapshot.
   * @param containers the containers to read besides Istio's proxy
   */
  pods(namespace: string | undefined, signal: AbortSignal, containers?: readonly string[]): AsyncIterable<PodFacts[]>;
  /** The PodDisruptionBudgets of one namespace or of the whole cluster. */
  budgets(namespace: string | undefined, signal?: AbortSignal): Promise<Budget[]>;
  /** Flagger's Canaries of one namespace or of the whole cluster. */
  canaries(namespace: string | undefined, signal?: AbortSignal): Promise<Canary[]>;
  /** Whether the API server has such objects, by its discovery. It says so also to those who may not read them. */
  serves(what: ApiResource): Promise<boolean>;
  /** The named nodes that are not Ready. A deleted node counts as not Ready. */
  lostNodes(names: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * The last rejection that explains why a rollout makes no progress; undefined if there is none.
   * @param since when the rollout began, in milliseconds since the epoch. Older rejections do not belong to it
   */
  rejection(workload: Workload, since?: number): Promise<string | undefined>;
  service(namespace: string, name: string): Promise<ServiceFacts | undefined>;
  /** The UID of a ServiceAccount; undefined if it does not exist. */
  accountUid(namespace: string, name: string): Promise<string | undefined>;
  /** JSON merge patch on a workload; 409 if its resourceVersion differs from the one in the patch. Returns the patched workload. */
  patch(ref: WorkloadRef, body: object): Promise<Workload>;
  emit(event: EventDraft): Promise<void>;
}
