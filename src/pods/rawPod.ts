import type { Labels } from '../model.ts';

/** The pod as the API serves it, as far as it is read. The protobuf reader makes the same, without the rest. */
export interface RawPod {
  readonly metadata?: RawPodMetadata;
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers?: readonly RawContainer[];
    readonly initContainers?: readonly RawContainer[];
  };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly RawCondition[] };
}

export interface RawPodMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  /** Milliseconds where it was read of protobuf. */
  readonly creationTimestamp?: string | number;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly RawOwner[];
}

export interface RawOwner {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

export interface RawContainer {
  readonly name?: string;
  readonly image?: string;
  readonly restartPolicy?: string;
}

export interface RawCondition {
  readonly type?: string;
  readonly status?: string;
}
