import { ApiError, isForbidden } from '../cluster/apiError.ts';
import type { KubeCluster } from '../cluster/kubeCluster.ts';
import { findKind } from '../kinds/kinds.ts';
import { messageOf } from '../messageOf.ts';
import type { Workload } from '../model.ts';
import { rolloutState } from '../plan/rollout.ts';
import type { RolloutFacts } from '../status/clusterStatus.ts';
import { isObjectName } from '../status/objectName.ts';
import { rolloutFacts } from '../status/rolloutFacts.ts';
import type { StatusRow } from '../status/statusDocument.ts';
import { rowKey } from '../status/statusOf.ts';

/** Workloads in flight whose controllers are asked. The leader does not publish that: it would have to be written all the time. */
const ROLLOUTS = 8;
/** Milliseconds without progress after which the Events are read that may explain it. */
export const SLOW = 20_000;

/** The workloads in flight that are looked at: those whose restart is the oldest. */
export const rowsInFlight = (rows: readonly StatusRow[]): StatusRow[] =>
  rows
    .filter(({ kind, startedAt }) => startedAt !== undefined && findKind(kind) !== undefined)
    .filter(({ namespace, name }) => isObjectName(namespace) && isObjectName(name))
    .toSorted(
      (a, b) => Number((a.startedAt ?? '') > (b.startedAt ?? '')) - Number((a.startedAt ?? '') < (b.startedAt ?? '')),
    )
    .slice(0, ROLLOUTS);

/** Reads what the controllers of workloads in flight say, once. @param warn told once for each right that is missing */
export async function readRollouts(
  cluster: Pick<KubeCluster, 'workload' | 'rejection'>,
  rows: readonly StatusRow[],
  now: number,
  warn: (words: string) => void,
): Promise<Map<string, RolloutFacts>> {
  const read = async (row: StatusRow): Promise<[string, RolloutFacts][]> => {
    try {
      const workload = await cluster.workload(row);
      if (!workload) return [];
      const startedAt = Date.parse(row.startedAt ?? '');
      const isSlow = now - startedAt > SLOW && rolloutState(workload).kind !== 'complete';
      const problem = isSlow ? await problemOf(cluster, workload, startedAt, warn) : undefined;
      return [[rowKey(row), rolloutFacts(workload, problem)]];
    } catch (error) {
      warn(unreadWords(error, 'the rollouts of workloads in flight'));
      return [];
    }
  };
  return new Map((await Promise.all(rowsInFlight(rows).map(read))).flat());
}

/** Why a rollout makes no progress; undefined if nothing says so, or it may not be read. */
export async function problemOf(
  cluster: Pick<KubeCluster, 'rejection'>,
  workload: Workload,
  since: number,
  warn: (words: string) => void,
): Promise<string | undefined> {
  try {
    return workload.rollout.createFailure ?? (await cluster.rejection(workload, since));
  } catch (error) {
    warn(unreadWords(error, 'the Events of workloads in flight'));
    return undefined;
  }
}

/** What could not be read, and the missing right where that is why. */
export function unreadWords(error: unknown, what: string): string {
  const why = error instanceof ApiError && isForbidden(error) ? 'missing right' : 'failed';
  return `cannot read ${what}: ${why} (${messageOf(error)})`;
}
