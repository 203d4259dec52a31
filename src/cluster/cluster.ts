import type { ApiResource } from '../kinds/apiResource.ts';
import type {
  Budget,
  Canary,
  EventDraft,
  PodFacts,
  PodOwner,
  Workload,
  WorkloadKey,
  WorkloadKind,
  WorkloadRef,
} from '../model.ts';
import type { SidecarFields } from '../pods/podFields.ts';

/** The fields of a webhook's Service that the API server's resolver uses. */
export interface ServiceFacts {
  readonly type: string;
  readonly clusterIP: string;
  readonly externalName: string;
  readonly ports: readonly number[];
}

/** What is read of an owner of pods that is no workload. */
export interface OwnerFacts {
  /** Its own controlling owner. Its author may have written anything into it. */
  readonly owner?: PodOwner;
  /** Of a Job with a deadline: when it is stopped, in milliseconds since the epoch. */
  readonly endsAt?: number;
}

/**
 * Everything that the stages need from Kubernetes, except watches. Every method throws `ApiError`; `patch` and `evict` also throw
 * `NotLeading`. A missing object is returned as undefined. A dry run is another implementation of this port, not an `if`.
 */
export interface Cluster {
  workloads(kind: WorkloadKind, namespace: string | undefined, signal: AbortSignal): Promise<Workload[]>;
  workload(ref: WorkloadRef): Promise<Workload | undefined>;
  /** The resourceVersion of each workload of a kind, in one namespace or in the whole cluster. */
  versions(
    kind: WorkloadKind,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<WorkloadKey, string>>;
  /** The live pods of a workload, directly or through its ReplicaSets; without terminal and terminating pods. */
  podsOf(workload: Workload, fields?: SidecarFields): Promise<PodFacts[]>;
  /**
   * All pods of the cluster or of one namespace, page by page. The pages are not one snapshot.
   * @param fields what is read of sidecars; Istio's proxy alone, and not how it is configured, by default
   * @param kinds the names of the kinds that are certainly listed, all by default. Pods of others are read with a sample
   */
  pods(
    namespace: string | undefined,
    signal: AbortSignal,
    fields?: SidecarFields,
    kinds?: ReadonlySet<WorkloadKind>,
  ): AsyncIterable<PodFacts[]>;
  /** The PodDisruptionBudgets of one namespace or of the whole cluster. */
  budgets(namespace: string | undefined, signal?: AbortSignal): Promise<Budget[]>;
  /** Flagger's Canaries of one namespace or of the whole cluster. */
  canaries(namespace: string | undefined, signal?: AbortSignal): Promise<Canary[]>;
  /** Whether the API server has such objects, by its discovery. It says so also to those who may not read them. */
  serves(what: ApiResource): Promise<boolean>;
  /**
   * The owner of pods as far as it tells its own owner; undefined if it is gone, or if its kind is not served or never has an owner.
   */
  owner(namespace: string, owner: PodOwner, signal?: AbortSignal): Promise<OwnerFacts | undefined>;
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
  /**
   * Evicts exactly this pod, which PodDisruptionBudgets may refuse with 429; 404 if it is gone, 409 if another pod has its name.
   * @param pod as it was read
   */
  evict(pod: Pick<PodFacts, 'namespace' | 'name' | 'uid'>): Promise<void>;
  emit(event: EventDraft): Promise<void>;
}
