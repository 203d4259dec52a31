import { workloadOf } from '../../src/cluster/workloads.ts';
import type { RawWorkload } from '../../src/kinds/rawWorkload.ts';
import type { Labels, Workload, WorkloadKind } from '../../src/model.ts';

/** An object of the simulated API. It is never changed in place: every write makes another, so that what was read stays as it was. */
export interface Manifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Labels;
    readonly annotations: Labels;
    readonly ownerReferences: readonly { apiVersion: string; kind: string; name: string; controller: boolean }[];
    readonly managedFields: readonly ManagedFields[];
  };
  readonly spec: Spec;
  readonly status: Status;
}

export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly time: string;
  readonly fieldsV1: Readonly<Record<string, unknown>>;
}

export interface Spec {
  readonly replicas?: number;
  readonly paused?: boolean;
  /** Of a Rollout. */
  readonly restartAt?: string;
  readonly selector: { readonly matchLabels: Labels };
  readonly template: {
    readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
    readonly spec: Readonly<Record<string, unknown>>;
  };
  readonly strategy?: Strategy;
  readonly updateStrategy?: Strategy;
}

export interface Strategy {
  readonly type?: string;
  /** Of a Rollout. */
  readonly canary?: { readonly steps: readonly object[] };
  readonly rollingUpdate?: {
    readonly partition?: number;
    readonly maxUnavailable?: number | string;
    readonly maxSurge?: number | string;
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface Status {
  readonly observedGeneration: number | string;
  readonly conditions: readonly Condition[];
  readonly [count: string]: number | string | readonly Condition[];
}

const narrowed = new WeakMap<Manifest, Workload>();

/** As the real port narrows it, once per version. */
export function narrow(kind: WorkloadKind, manifest: Manifest): Workload {
  const known = narrowed.get(manifest);
  if (known) return known;
  const workload = workloadOf(kind, manifest as unknown as RawWorkload);
  narrowed.set(manifest, workload);
  return workload;
}

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** These annotations with another one. @param value undefined takes it away */
export function annotated(annotations: Labels, key: string, value: string | undefined): Labels {
  const { [key]: _before, ...others } = annotations;
  return { ...others, ...(value !== undefined && { [key]: value }) };
}

/** RFC 7386. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isTree(patch)) return patch;
  const result: Record<string, unknown> = isTree(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
