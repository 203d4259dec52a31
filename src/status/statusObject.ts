import type { ClusterStatus } from './clusterStatus.ts';
import { endedBy } from './endedBy.ts';
import { pauseOf } from './pauseOf.ts';
import { rowKey } from './statusOf.ts';

/** A status for machines. Texts are exact, as far as the leader publishes them. */
export function statusObject(status: ClusterStatus): object {
  const { cluster, home, leader, document, rollouts, warnings } = status;
  const { version: _, at, paused: __, counts, runs, workloads, waits, ...rest } = document;
  const paused = pauseOf(status);
  return {
    cluster,
    namespace: home,
    ...(paused !== undefined && { paused }),
    leader,
    updatedAt: at,
    counts,
    runs,
    workloads: workloads.map((row) => {
      const rollout = rollouts.get(rowKey(row));
      return rollout ? { ...row, rollout } : row;
    }),
    waits: waits.map((sum) => {
      const command = endedBy(sum, status);
      return command === undefined ? sum : { ...sum, endedBy: command };
    }),
    ...rest,
    warnings,
  };
}
