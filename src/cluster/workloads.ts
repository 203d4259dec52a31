import { excerpt } from '../excerpt.ts';
import type { LabelSelector, Labels, PodTemplate, RolloutReport, Workload, WorkloadKind } from '../model.ts';
import { FIELD_MANAGER } from '../names.ts';
import { fits, type Shape } from './fieldTypes.ts';

/** An apps/v1 Deployment, StatefulSet or DaemonSet as the API server serves it, as far as it is read. */
export interface RawWorkload {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly ownerReferences?: readonly RawOwnerReference[];
    readonly managedFields?: readonly RawManagedFields[];
  };
  readonly spec?: RawSpec;
  readonly status?: RawStatus;
}

interface RawOwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly controller?: boolean;
}

interface RawManagedFields {
  readonly manager?: string;
  readonly time?: string;
}

type IntOrPercent = number | string;

interface RawSpec {
  readonly replicas?: number;
  readonly paused?: boolean;
  readonly ordinals?: { readonly start?: number };
  readonly selector?: LabelSelector;
  readonly template?: {
    readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
    readonly spec?: Record<string, unknown>;
  };
  readonly strategy?: RawStrategy;
  readonly updateStrategy?: RawStrategy;
}

interface RawStrategy {
  readonly type?: string;
  readonly rollingUpdate?: {
    readonly partition?: number;
    readonly maxUnavailable?: IntOrPercent;
    readonly maxSurge?: IntOrPercent;
  };
}

interface RawStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  readonly desiredNumberScheduled?: number;
  readonly currentNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberReady?: number;
  readonly numberAvailable?: number;
  readonly conditions?: readonly RawCondition[];
}

interface RawCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

const STRATEGY: Shape = {
  type: 'string',
  rollingUpdate: { partition: 'number', maxUnavailable: 'scalar', maxSurge: 'scalar' },
};

/** metav1.LabelSelector */
export const SELECTOR: Shape = {
  matchLabels: 'labels',
  matchExpressions: [{ key: 'string', operator: 'string', values: ['string'] }],
};

const WORKLOAD: Shape = {
  metadata: {
    name: 'string',
    namespace: 'string',
    uid: 'string',
    resourceVersion: 'string',
    generation: 'number',
    creationTimestamp: 'string',
    deletionTimestamp: 'string',
    labels: 'labels',
    annotations: 'labels',
    ownerReferences: [{ apiVersion: 'string', kind: 'string', name: 'string', controller: 'boolean' }],
    managedFields: [{ manager: 'string', time: 'string' }],
  },
  spec: {
    replicas: 'number',
    paused: 'boolean',
    ordinals: { start: 'number' },
    selector: SELECTOR,
    template: { metadata: { labels: 'labels', annotations: 'labels' }, spec: 'object' },
    strategy: STRATEGY,
    updateStrategy: STRATEGY,
  },
  status: {
    observedGeneration: 'number',
    replicas: 'number',
    updatedReplicas: 'number',
    readyReplicas: 'number',
    availableReplicas: 'number',
    currentRevision: 'string',
    updateRevision: 'string',
    desiredNumberScheduled: 'number',
    currentNumberScheduled: 'number',
    updatedNumberScheduled: 'number',
    numberReady: 'number',
    numberAvailable: 'number',
    conditions: [{ type: 'string', status: 'string', reason: 'string', message: 'string' }],
  },
};

/**
 * Narrows an API object once; everything after this works with the model alone. Absent fields take the API's defaults.
 * An object of wrong types keeps its name only, and a strategy that nobody restarts: one such object must not end a scan.
 */
export function workloadOf(kind: WorkloadKind, raw: RawWorkload): Workload {
  return narrowed(kind, fits(raw, WORKLOAD) ? raw : nameOnly(raw));
}

function nameOnly(raw: RawWorkload): RawWorkload {
  const { name, namespace } = raw.metadata ?? {};
  return {
    metadata: { name: typeof name === 'string' ? name : '', namespace: typeof namespace === 'string' ? namespace : '' },
    spec: { strategy: { type: 'malformed' }, updateStrategy: { type: 'malformed' } },
  };
}

function narrowed(kind: WorkloadKind, raw: RawWorkload): Workload {
  const spec = raw?.spec ?? {};
  const status = raw?.status ?? {};
  const rollout = kind === 'DaemonSet' ? daemonReport(status) : replicaReport(spec, status);
  return {
    kind,
    ...identityOf(raw?.metadata ?? {}),
    selector: spec.selector ?? {},
    strategy: strategyOf(spec)?.type ?? 'RollingUpdate',
    partition: strategyOf(spec)?.rollingUpdate?.partition ?? 0,
    firstOrdinal: spec.ordinals?.start ?? 0,
    paused: spec.paused ?? false,
    maxUnavailable: maxUnavailableOf(kind, spec, rollout.desired),
    template: templateOf(spec),
    rollout,
  };
}

/** What the metadata tells. */
function identityOf(metadata: NonNullable<RawWorkload['metadata']>) {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    generation: metadata.generation ?? 0,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    deleting: (metadata.deletionTimestamp ?? undefined) !== undefined,
    annotations: metadata.annotations ?? {},
    ...ownerOf(metadata.ownerReferences ?? []),
    ...managed(metadata.managedFields ?? []),
  };
}

/** Longer than any real version, kind or name; the API server bounds none of them in an ownerReference. */
const LONGEST_NAME = 320;

function ownerOf(references: readonly RawOwnerReference[]): Pick<Workload, 'owner'> {
  const controller = references.find((reference) => reference.controller);
  if (!controller) return {};
  const { apiVersion, kind, name } = controller;
  // null, too, is what a hand-made object may hold
  return {
    owner: {
      apiVersion: apiVersion?.slice(0, LONGEST_NAME) ?? '',
      kind: kind?.slice(0, LONGEST_NAME) ?? '',
      name: name?.slice(0, LONGEST_NAME) ?? '',
    },
  };
}

/** When we last wrote the object, from the field managers of server-side apply (KEP-555). */
function managed(entries: readonly RawManagedFields[]): Pick<Workload, 'writtenAt'> {
  const ours = entries.flatMap(({ manager, time }) => (manager === FIELD_MANAGER ? Date.parse(time ?? '') || [] : []));
  return ours.length > 0 ? { writtenAt: Math.max(...ours) } : {};
}

const templateOf = ({ template }: RawSpec): PodTemplate => ({
  labels: template?.metadata?.labels ?? {},
  annotations: template?.metadata?.annotations ?? {},
  spec: template?.spec ?? {},
});

const strategyOf = ({ strategy, updateStrategy }: RawSpec): RawStrategy | undefined => strategy ?? updateStrategy;

/**
 * The rounding of the controllers. A Deployment rounds maxUnavailable down, never above its replicas, and has 1 where both it and maxSurge
 * come to 0 (pkg/controller/deployment/util ResolveFenceposts, MaxUnavailable). A StatefulSet rounds down to at least 1
 * (pkg/controller/statefulset/stateful_set_utils.go getStatefulSetMaxUnavailable). A DaemonSet rounds up, and has 1 where both come to 0
 * (pkg/controller/daemon/update.go updatedDesiredNodeCounts).
 */
function maxUnavailableOf(kind: WorkloadKind, spec: RawSpec, desired: number): number {
  if (strategyOf(spec)?.type === 'Recreate') return desired;
  const { maxUnavailable, maxSurge } = strategyOf(spec)?.rollingUpdate ?? {};
  if (kind === 'StatefulSet') return Math.max(1, scaled(maxUnavailable ?? 1, desired, Math.floor));
  const [round, unset] = kind === 'Deployment' ? [Math.floor, '25%'] : [Math.ceil, 1];
  const unavailable = scaled(maxUnavailable ?? unset, desired, round);
  const surge = scaled(maxSurge ?? (kind === 'Deployment' ? '25%' : 0), desired, Math.ceil);
  const allowed = unavailable === 0 && surge === 0 ? 1 : unavailable;
  return kind === 'Deployment' ? Math.min(allowed, desired) : allowed;
}

function scaled(value: IntOrPercent, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number.parseFloat(value) * of) / 100) || 0;
}

function replicaReport(spec: RawSpec, status: RawStatus): RolloutReport {
  const late = status.conditions?.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
  const refused = status.conditions?.find(({ type, status: is }) => type === 'ReplicaFailure' && is === 'True');
  return {
    observedGeneration: status.observedGeneration ?? 0,
    desired: spec.replicas ?? 1,
    existing: status.replicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    ...(status.currentRevision !== undefined && { currentRevision: status.currentRevision }),
    ...(status.updateRevision !== undefined && { updateRevision: status.updateRevision }),
    ...(late && { deadlineExceeded: excerpt(late.message ?? 'ProgressDeadlineExceeded') }),
    ...(refused && { createFailure: excerpt(refused.message ?? 'ReplicaFailure') }),
  };
}

function daemonReport(status: RawStatus): RolloutReport {
  return {
    observedGeneration: status.observedGeneration ?? 0,
    desired: status.desiredNumberScheduled ?? 0,
    existing: status.currentNumberScheduled ?? 0,
    updated: status.updatedNumberScheduled ?? 0,
    ready: status.numberReady ?? 0,
    available: status.numberAvailable ?? 0,
  };
}
