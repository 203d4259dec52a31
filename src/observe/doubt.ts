import { countOf, type PodGroup } from '../compare/podGroups.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import { isSettled } from '../plan/rollout.ts';
import type { Observed } from './observed.ts';

/** Looks at workloads in the middle of a rollout that one scan may cost. */
const ROLLING_LOOKS = 10;

/** A workload as the pages of a scan show it. */
export interface Counted {
  readonly observed: Observed;
  /** All that were found, also those that a rollout would leave alone. */
  readonly pods: number;
  readonly doubt: Doubt | undefined;
}

/**
 * Why the pages of a scan do not tell enough of a workload: other pods than its controller has, the same in the middle of a rollout,
 * where pages that are no snapshot explain it as a rule, or pods that may be on lost nodes.
 */
export type Doubt = 'mismatch' | 'rolling' | 'nodes';

/**
 * What is doubtful about a workload's pods. The count is the controller's own (pkg/controller/deployment/sync.go calculateStatus): where
 * another was found, some ReplicaSet is not whose its name says.
 */
export function doubtOf(workload: Workload, groups: readonly PodGroup[], isOfMesh: boolean): Doubt | undefined {
  const { kind, uid, paused, rollout } = workload;
  if (!uid) return undefined;
  if (ownerKind(kind).isPerNode && groups.some(({ ready }) => !ready)) return 'nodes';
  const found = countOf(groups);
  // without any pods it is not known whether they are in the mesh
  if (found === rollout.existing || (!isOfMesh && found > 0)) return undefined;
  // the pods of others name their owner by UID: only those of an unread intermediate can be missing
  if (!ownerKind(kind).through) return found === 0 ? 'mismatch' : undefined;
  const isStanding = isSettled(workload) || paused || rollout.deadlineExceeded !== undefined;
  return isStanding || found === 0 || rollout.existing === 0 ? 'mismatch' : 'rolling';
}

/**
 * The workloads that a scan looks at singly.
 * @param looks how many that may be; workloads in the middle of a rollout have a share of their own
 */
export function worthALook(counted: readonly Counted[], looks: number): ReadonlySet<Counted> {
  const doubtful = counted.filter(({ doubt }) => doubt !== undefined).sort((a, b) => rank(a) - rank(b));
  return new Set([
    ...doubtful.filter(({ doubt }) => doubt !== 'rolling').slice(0, looks),
    ...doubtful.filter(({ doubt }) => doubt === 'rolling').slice(0, Math.min(looks, ROLLING_LOOKS)),
  ]);
}

/** Workloads whose pods were not found are looked at first. */
const rank = ({ doubt, pods }: Counted): number =>
  doubt === 'mismatch' ? (pods === 0 ? 0 : 1) : doubt === 'nodes' ? 2 : 3;
