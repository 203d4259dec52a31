import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../cluster/cluster.ts';
import { findKind } from '../kinds/kinds.ts';
import { type Budget, keyOf, type Workload, type WorkloadKey, type WorkloadKind } from '../model.ts';
import { covering } from '../plan/budget.ts';
import { lenderOf } from './borrowedTemplate.ts';
import type { Claim } from './claims.ts';
import type { Observed } from './observed.ts';

export interface SurveyOptions {
  readonly cluster: Pick<Cluster, 'versions'>;
  /** Reads the budgets of the cluster or of one namespace. */
  readonly budgets: (namespace: string | undefined, signal: AbortSignal) => Promise<readonly Budget[]>;
  /** Reads what claims workloads of these kinds. */
  readonly claims: (
    namespace: string | undefined,
    kinds: ReadonlySet<WorkloadKind>,
  ) => Promise<(workload: Workload) => Claim>;
}

/**
 * Whether lists would show all that can end the wait of a workload. They do not show annotations of pods, nodes that are lost under a
 * DaemonSet, others of a rollout group, and kinds that are not listed.
 */
function isListed({ workload, groups, unread }: Observed): boolean {
  const kind = findKind(workload.kind);
  const asksPods = groups.some(({ doNotDisrupt }) => doNotDisrupt !== undefined);
  const isRead = kind !== undefined && unread === undefined && workload.resourceVersion !== '';
  return isRead && !kind.isPerNode && !kind.foundByPods && !asksPods && !workload.rolloutGroup;
}

/**
 * Finds out which workloads are as they were seen, by a few lists instead of a look at each. Controllers write what happens to pods into
 * the status of their workload. So with the same resourceVersion, budgets and claims, a look would show the same. This holds for
 * observations that read the workload before its pods.
 * @param namespace where all of them are; undefined for the whole cluster
 * @returns those that have not changed. Nothing is known of the others
 * @throws {ApiError} when something cannot be listed
 */
export async function survey(
  { cluster, budgets, claims }: SurveyOptions,
  seen: readonly Observed[],
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<ReadonlySet<WorkloadKey>> {
  const listed = seen.filter(isListed);
  const kinds = new Set(listed.map(({ workload }) => workload.kind));
  if (kinds.size === 0) return new Set();
  const lenders = listed.flatMap(({ workload }) => lenderOf(workload)?.kind ?? []);
  const [spent, claimOf, ...versions] = await Promise.all([
    budgets(namespace, signal),
    claims(namespace, kinds),
    ...[...new Set([...kinds, ...lenders])].map((kind) => cluster.versions(kind, namespace, signal)),
  ]);
  const current = new Map(versions.flatMap((some) => [...some]));
  const isSame = (one: Observed): boolean =>
    isOfVersions(one.workload, current) &&
    isDeepStrictEqual(covering(spent, one.workload), one.budgets) &&
    isDeepStrictEqual(claimOf(one.workload), claimIn(one));
  return new Set(listed.filter(isSame).map(({ workload }) => keyOf(workload)));
}

function isOfVersions(workload: Workload, current: ReadonlyMap<WorkloadKey, string>): boolean {
  const lender = lenderOf(workload);
  const isOfLender = !lender || current.get(keyOf(lender)) === workload.templateVersion;
  return isOfLender && current.get(keyOf(workload)) === workload.resourceVersion;
}

const claimIn = ({ canary, scaledBy }: Observed): Claim => ({
  ...(canary && { canary }),
  ...(scaledBy !== undefined && { scaledBy }),
});
