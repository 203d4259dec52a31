import type { PodGroup } from '../compare/podGroups.ts';
import type { Budget, Workload } from '../model.ts';

/** What was observed of one workload: all that a verdict needs but the mesh and the injector's answer. */
export interface Observed {
  readonly workload: Workload;
  readonly templateHash: string;
  /** The pods that a rollout would replace. */
  readonly groups: readonly PodGroup[];
  /** Pods of a DaemonSet on nodes that are not Ready: they cannot be replaced, and what they would become is not known. */
  readonly onLostNodes: number;
  /** The PodDisruptionBudgets that cover its pods. */
  readonly budgets: readonly Budget[];
  /** Why this may no longer, or not yet, be all that there is to see; nothing is assessed by it then. */
  readonly unread?: string;
}
