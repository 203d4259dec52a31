import { keyOf, type WorkloadKey } from '../model.ts';
import { type Assessed, bySidecar } from './assessed.ts';

/**
 * Keeps since when the pods of workloads are orphaned.
 * @param since is changed: workloads that are no longer orphaned are removed
 * @param now milliseconds of the steady clock
 */
export function noteOrphans(since: Map<WorkloadKey, number>, assessed: readonly Assessed[], now: number): void {
  const orphaned = new Set(assessed.filter(isOrphaned).map(({ workload }) => keyOf(workload)));
  for (const key of orphaned) if (!since.has(key)) since.set(key, now);
  for (const key of since.keys()) if (!orphaned.has(key)) since.delete(key);
}

const isOrphaned = (assessed: Assessed): boolean =>
  bySidecar(assessed).some(({ verdict }) => verdict.state === 'outdated' && verdict.expected.placement === 'none');
