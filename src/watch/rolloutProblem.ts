import { workloadOf } from '../cluster/workloads.ts';
import { deployment } from '../kinds/deployment.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';

/** Why a Deployment is not completely rolled out, in words; undefined if it is. */
export function rolloutProblem(raw: RawWorkload): string | undefined {
  const { generation, rollout } = workloadOf(deployment.kind, raw);
  const { observedGeneration, desired, updated, existing, available } = rollout;
  if (desired === 0) return 'has no replicas';
  if (observedGeneration >= generation && updated >= desired && existing <= updated && available >= desired)
    return undefined;
  return `is rolling out: ${updated} updated and ${available} available of ${desired}`;
}
