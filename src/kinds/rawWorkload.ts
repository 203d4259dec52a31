import type { Shape } from '../fieldTypes.ts';
import type { LabelSelector, Labels } from '../model.ts';

/** A workload of any kind as the API server serves it, as far as it is read. A kind may read more fields and check them itself. */
export interface RawWorkload {
  readonly metadata?: RawMetadata;
  readonly spec?: RawSpec;
  readonly status?: RawStatus;
}

export interface RawMetadata {
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
}

export interface RawOwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly controller?: boolean;
}

export interface RawManagedFields {
  readonly manager?: string;
  readonly time?: string;
}

export type IntOrPercent = number | string;

export interface RawSpec {
  readonly replicas?: number;
  readonly paused?: boolean;
  readonly minReadySeconds?: number;
  readonly ordinals?: { readonly start?: number };
  readonly selector?: LabelSelector;
  readonly template?: {
    readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
    readonly spec?: Record<string, unknown>;
  };
  readonly strategy?: RawStrategy;
  readonly updateStrategy?: RawStrategy;
}

export interface RawStrategy {
  readonly type?: string;
  readonly rollingUpdate?: {
    readonly partition?: number;
    readonly maxUnavailable?: IntOrPercent;
    readonly maxSurge?: IntOrPercent;
  };
}

export interface RawStatus {
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

/** The types of the fields of a `RawWorkload`. */
export const WORKLOAD: Readonly<Record<'metadata' | 'spec' | 'status', Readonly<Record<string, Shape>>>> = {
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
    minReadySeconds: 'number',
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

/** The strategy of a workload, whatever its kind calls the field. */
export const strategyOf = ({ strategy, updateStrategy }: RawSpec): RawStrategy | undefined =>
  strategy ?? updateStrategy;
