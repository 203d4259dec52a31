import type { PodGroup } from '../compare/podGroups.ts';
import type { Budget, Workload } from '../model.ts';
import type { CanaryRole } from '../plan/canaries.ts';

/** The observation of one workload: everything that a verdict needs except the mesh and the injector's answer. */
export interface Observed {
  readonly workload: Workload;
  readonly templateHash: string;
  /** The pods that a rollout would replace. */
  readonly groups: readonly PodGroup[];
  /** Pods of a DaemonSet on nodes that are not Ready. They cannot be replaced. */
  readonly onLostNodes: number;
  /** The PodDisruptionBudgets that cover its pods. */
  readonly budgets: readonly Budget[];
  /** Its role in a Canary of Flagger; absent if it has none. */
  readonly canary?: CanaryRole;
  /** The workload, in words, that uses its pod template and has its pods; absent if there is none. */
  readonly scaledBy?: string;
  /** Why this observation may be incomplete or out of date. If set, the workload is not assessed. */
  readonly unread?: string;
}
