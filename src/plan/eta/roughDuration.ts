import { actuatorOf } from '../../kinds/actuatorOf.ts';
import { ownerKind } from '../../kinds/kinds.ts';
import type { Workload } from '../../model.ts';
import type { Policy } from '../policy.ts';
import { replacedPods } from '../rollout.ts';

const SECOND = 1000;
/** How long a pod with a sidecar takes until it is Ready, and an old one until it is gone. What restarts have shown scales both. */
const POD_STARTS = 20 * SECOND;
const POD_STOPS = 10 * SECOND;

/**
 * About how long a restart takes by what its spec says: so many rounds of pods at a time. It is right in proportion to other workloads
 * rather than in itself. Never longer than the time limit of a restart, whatever the spec says.
 */
export function roughDuration(workload: Workload, policy: Pick<Policy, 'restartTimeout' | 'onDelete'>): number {
  const { maxUnavailable, maxSurge = 0, minReadySeconds = 0 } = workload;
  const pods = Math.max(1, replacedPods(workload));
  const evicts = actuatorOf(workload, policy).evicts === true;
  const surge = evicts ? 0 : maxSurge;
  const atOnce = Math.max(1, maxUnavailable + surge);
  // a pod of a StatefulSet or a DaemonSet takes the place of the old one
  const isInPlace = evicts || surge === 0 || ownerKind(workload.kind).hasOrdinals === true;
  const round = POD_STARTS + (isInPlace ? POD_STOPS : 0) + Math.max(0, minReadySeconds) * SECOND;
  return Math.min(policy.restartTimeout, Math.ceil(pods / atOnce) * round);
}
