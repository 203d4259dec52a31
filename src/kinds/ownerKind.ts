import type { Shape } from '../fieldTypes.ts';
import type { Labels, Workload } from '../model.ts';
import type { Actuator } from '../restart/actuator.ts';
import type { ApiResource } from './apiResource.ts';
import type { KindPolicy } from './kindPolicy.ts';
import type { RawMetadata, RawSpec, RawStatus } from './rawWorkload.ts';

/** Objects between a workload and its pods: the workload owns them, and they own the pods. */
export interface Intermediate extends ApiResource {
  readonly kind: string;
}

/** What a kind's file reads of its objects. What it leaves out is read from the fields that most kinds share. */
export type KindFields = Pick<Workload, 'rollout' | 'maxUnavailable'> &
  Partial<
    Pick<
      Workload,
      | 'strategy'
      | 'partition'
      | 'firstOrdinal'
      | 'paused'
      | 'maxSurge'
      | 'template'
      | 'selector'
      | 'rolloutGroup'
      | 'restart'
      | 'pendingUpdate'
      | 'templateFrom'
    >
  >;

/** Something that a kind's workloads are not restarted for, or wait for, for the documentation. */
export interface Exception {
  readonly what: string;
  readonly why: string;
}

/** A kind of workload that owns pods, and all that Meltemi has to know of it. Each has a file, and a line in `kinds.ts`. */
export interface OwnerKind extends ApiResource {
  /** As in `kind` of its objects. Two kinds of one name cannot be distinguished. */
  readonly kind: string;
  /** Its API may not be served. Then there are no workloads of it, which is logged once. */
  readonly optional?: true;
  /** Its objects are not listed, because most of them belong to others. Those without an owner are found by their pods. */
  readonly foundByPods?: true;
  /** The value of the chart that grants its rights: `argoRollouts` for `argoRollouts.enabled`. Absent if they are always granted. */
  readonly chartValue?: string;
  /** The types of the fields that are read of its objects, if they differ from `WORKLOAD`. */
  readonly shape?: Shape;
  /** Reads an object whose fields have the types that `shape`, or else `WORKLOAD`, gives. Absent fields take the API's defaults. */
  readonly read: (spec: RawSpec, status: RawStatus, metadata: RawMetadata) => KindFields;
  /**
   * Labels that its controller adds to pods. Their values are not known beforehand (a template hash, an ordinal), so they are empty:
   * selectors on injector entries can only ask for their presence.
   */
  readonly addedLabels: Labels;
  /** The kind whose pod template its workloads may use instead of one of their own (`templateFrom`). That one is not restarted then. */
  readonly borrowsFrom?: string;
  /** What its pods name as their owner, where that is not the workload itself. */
  readonly through?: Intermediate;
  /** Its pods are named after the workload with an ordinal as suffix. */
  readonly hasOrdinals?: true;
  /** Each pod belongs to one node, and is not replaced elsewhere while that node is lost. */
  readonly isPerNode?: true;
  /** Its status says why pods cannot be created. Of other kinds only Events say so. */
  readonly saysWhyPodsAreMissing?: true;
  /**
   * The ServiceAccount in kube-system of the controller that creates its pods (kubernetes cmd/kube-controller-manager/names). Absent if it
   * is another controller's.
   */
  readonly podCreator?: string;
  /** What a rollout still has to do when enough pods are updated; undefined when that is nothing. */
  readonly leftToDo: (workload: Workload) => string | undefined;
  /** Why a workload is never restarted, in words or as the strategy that forbids it; undefined when it may be. */
  readonly refuses: (workload: Workload, policy: KindPolicy) => string | undefined;
  /** How it is restarted. */
  readonly actuator: Actuator;
  /** Which of its workloads are restarted by evictions instead, because their controller replaces no pod by itself. */
  readonly evicts?: (workload: Workload, policy: KindPolicy) => boolean;
  /** What `refuses` refuses, for the documentation. */
  readonly refused: readonly Exception[];
  /** What a restart waits for besides the rules for all kinds, for the documentation. */
  readonly waitsFor: readonly Exception[];
}
