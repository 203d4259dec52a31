import { keyOf, type WorkloadKey } from '../model.ts';
import { type Assessed, bySidecar } from './assessed.ts';

/**
 * Keeps since when the pods of workloads are orphaned.
 * @param since is changed: workloads that are no longer orphaned are removed
 * @param now milliseconds of the steady clock
 * @param areAll whether there are no other workloads
 */
export function noteOrphans(
  since: Map<WorkloadKey, number>,
  assessed: readonly Assessed[],
  now: number,
  areAll = true,
): void {
  for (const one of assessed) {
    const key = keyOf(one.workload);
    if (isOrphaned(one)) since.set(key, since.get(key) ?? now);
    else since.delete(key);
  }
  const known = areAll && since.size > 0 ? new Set(assessed.map(({ workload }) => keyOf(workload))) : undefined;
  for (const key of known ? since.keys() : []) if (!known?.has(key)) since.delete(key);
}

const isOrphaned = (assessed: Assessed): boolean =>
  bySidecar(assessed).some(({ verdict }) => verdict.state === 'outdated' && verdict.expected.placement === 'none');
