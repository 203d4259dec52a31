/** The nouns of the field, as narrowed once from API objects in `cluster/`. Times are milliseconds since the epoch. */

export type Labels = Readonly<Record<string, string>>;

/** The name of an owner kind; the list of them is in `kinds/kinds.ts`. */
export type WorkloadKind = string;

export interface WorkloadRef {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
}

export type WorkloadKey = `${WorkloadKind}/${string}/${string}`;
/** A Deployment and a StatefulSet may share a name, so the kind is part of the key. */
export const keyOf = (ref: WorkloadRef): WorkloadKey => `${ref.kind}/${ref.namespace}/${ref.name}`;

/** The workload that a key names; no name of the API server has a slash. */
export function refOf(key: WorkloadKey): WorkloadRef {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return { kind, namespace, name };
}

/** What Meltemi reads of a Namespace: its labels, for selectors, and the annotations of its owners. */
export interface NamespaceFacts {
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Content hash of the ProxyConfigs in it, which choose image types for its pods; absent where there are none. */
  readonly proxyConfigs?: string;
  /** Its deletion has begun: new pods cannot be made in it, and its workloads are deleted. */
  readonly deleting?: true;
}

export const NO_NAMESPACE: NamespaceFacts = { labels: {}, annotations: {} };

/** A label selector as in `metav1.LabelSelector`. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** The pod template as the API server serves it; `spec` is opaque to us, only the injector reads it. */
export interface PodTemplate {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What a controller reports about its rollout; fields that a kind does not have are absent. */
export interface RolloutReport {
  readonly observedGeneration: number;
  /** Pods the controller should have: spec.replicas, or desiredNumberScheduled of a DaemonSet. */
  readonly desired: number;
  /** Pods that exist: status.replicas, or currentNumberScheduled. */
  readonly existing: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  /** The Deployment's condition Progressing with reason ProgressDeadlineExceeded, in the controller's own words. */
  readonly deadlineExceeded?: string;
  /** The Deployment's condition ReplicaFailure: why its pods cannot be created, in the words of who refused. */
  readonly createFailure?: string;
}

/** The controller that owns a workload itself, such as an operator's custom resource. */
export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

export interface Workload extends WorkloadRef {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly createdAt: number;
  readonly deleting: boolean;
  readonly annotations: Labels;
  readonly owner?: Owner;
  readonly selector: LabelSelector;
  /** `RollingUpdate`, or what else the spec says: `Recreate`, `OnDelete`. */
  readonly strategy: string;
  /** Of a StatefulSet: pods before this index keep their revision in a rollout; else 0. */
  readonly partition: number;
  /** Ordinal of a StatefulSet's first pod (`spec.ordinals.start`); else 0. */
  readonly firstOrdinal: number;
  readonly paused: boolean;
  /** Pods that its strategy lets be unavailable, after the rounding its controller does; all of them for Recreate. */
  readonly maxUnavailable: number;
  /** Pods that its strategy makes beyond the desired ones during a rollout; absent if it makes none. */
  readonly maxSurge?: number;
  /** Seconds for which a pod must be Ready before it counts as available; absent if that is at once. */
  readonly minReadySeconds?: number;
  /** When Meltemi last wrote it, by the API server's clock. */
  readonly writtenAt?: number;
  readonly template: PodTemplate;
  readonly rollout: RolloutReport;
  /** A restart that its spec asks for by its time, and whether the controller has done it; absent if there is none. */
  readonly restart?: { readonly at: number; readonly isDone: boolean };
  /** An update of its own people that a restart must not touch; `isLate` if only its pods are late. */
  readonly pendingUpdate?: { readonly detail: string; readonly isLate?: true };
  /** The object of its namespace that has its pod template; absent if it has that itself. */
  readonly templateFrom?: { readonly kind: string; readonly name: string };
  /** The version of the object that its template was taken from; absent if it has its own, or that was not found. */
  readonly templateVersion?: string;
  /** Of a StatefulSet with the label `rollout-group`. */
  readonly rolloutGroup?: {
    readonly name: string;
    readonly paused: boolean;
    /** Why the number of pods that may be unavailable is 1, if the annotation says something else. */
    readonly warning?: string;
  };
  /** Set if Meltemi cannot restart what owns the pods. Such a workload is only listed, and nothing is read of it but its owners. */
  readonly unsupported?: Unsupported;
}

/** What is known of an owner of pods that Meltemi cannot restart. Its template has only what `PodSample` has of one of its pods. */
export interface Unsupported {
  /** When the Job that made the pods is stopped at the latest. */
  readonly endsAt?: number;
  /** Why the pods cannot be judged. */
  readonly unknown?: string;
}

/** Where a pod carries its proxy: an ordinary container, a native sidecar, or not at all. */
export type Placement = 'container' | 'initContainer' | 'none';

/** What Meltemi reads of one pod. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The controlling owner (`controller: true`), if any. */
  readonly owner?: PodOwner;
  /** The hash that a ReplicaSet's pods have as a label; else empty. */
  readonly templateHash: string;
  /** The label with that hash; absent for `pod-template-hash`, which a Deployment's pods have. */
  readonly hashLabel?: string;
  readonly createdAt: number;
  /** Name of its node; empty while it has none. */
  readonly node: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  readonly sidecar: Sidecar;
  /** The sidecars of other sources by container, without those that the pod does not have; absent if it has none. */
  readonly others?: OtherSidecars;
  /** The annotation that asks not to disrupt the pod, with its value. */
  readonly doNotDisrupt?: string;
  /** Only of pods whose owner seems to be of no supported kind. */
  readonly sample?: PodSample;
}

/** An ownerReference of a pod. Its author may have written anything into it. */
export interface PodOwner {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What Istio's injector looks at to decide about a pod and its image. It holds nothing secret: neither commands nor environment. */
export interface PodSample {
  readonly labels: Labels;
  /** Annotations of Istio, without those that the injector wrote. */
  readonly annotations: Labels;
  readonly hostNetwork: boolean;
  /** The pod's author has changed the container of the proxy, so its image may be the author's. */
  readonly isOverridden: boolean;
}

/**
 * How an injected container is configured: the fields that are compared, in the form that the API has in JSON. Those that only describe the
 * pod are left out, so that most pods of a mesh share a few.
 */
export interface SidecarConfig {
  /** Configurations of equal hashes are equal. Of those that are read in the same form, equal ones have equal hashes. */
  readonly hash: string;
  /** Undefined if it turns out to be larger than a sidecar's should be, or cannot be read. */
  readonly container: Readonly<Record<string, unknown>> | undefined;
}

/** Where a container is in a pod, and its image. */
export interface PlacedContainer {
  readonly placement: Placement;
  /** Image reference; empty when there is no such container. */
  readonly image: string;
  /** Absent if it is not read, or is larger than a sidecar's should be. */
  readonly config?: SidecarConfig;
}

export type OtherSidecars = Readonly<Record<string, PlacedContainer>>;

/** A pod's sidecar as it is. The revision and the mark are Istio's. */
export interface Sidecar extends PlacedContainer {
  /** Pod annotation `istio.io/rev`, which the injector sets to the real revision, never to a tag; empty when absent. */
  readonly revision: string;
  /** Whether the pod carries the annotation `sidecar.istio.io/status`, the injector's mark. */
  readonly injected: boolean;
}

/** A PodDisruptionBudget. */
export interface Budget {
  readonly namespace: string;
  readonly name: string;
  /** Undefined selects no pod, an empty one every pod of the namespace. */
  readonly selector: LabelSelector | undefined;
  /** Pods that may be disrupted now. */
  readonly allowed: number;
  /** Whether the API server evicts a pod that is not Ready although no disruption is allowed. */
  readonly letsUnreadyGo?: true;
  /** Why so many, in words. */
  readonly detail: string;
}

/** A Canary of Flagger. Whoever may write in its namespace may write it. */
export interface Canary {
  readonly namespace: string;
  readonly name: string;
  /** The workload that its people change, and that Flagger analyses. */
  readonly target: { readonly kind: string; readonly name: string };
  /** Empty before Flagger has seen it, undefined if the Canary may not be read. */
  readonly phase: string | undefined;
}

/** What an Event is about. */
export interface EventTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An Event before it is one of the API's. */
export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly about: EventTarget;
  readonly message: string;
}
