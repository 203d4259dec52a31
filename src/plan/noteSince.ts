import { keyOf, type WorkloadKey } from '../model.ts';
import type { Assessed } from './assessed.ts';

/**
 * Keeps since when something is so of workloads.
 * @param since is changed: workloads of which it is no longer so are removed
 * @param now milliseconds of the steady clock
 * @param areAll whether there are no other workloads
 */
export function noteSince(
  since: Map<WorkloadKey, number>,
  isSo: (assessed: Assessed) => boolean,
  assessed: readonly Assessed[],
  now: number,
  areAll = true,
): void {
  for (const one of assessed) {
    const key = keyOf(one.workload);
    if (isSo(one)) since.set(key, since.get(key) ?? now);
    else since.delete(key);
  }
  const known = areAll && since.size > 0 ? new Set(assessed.map(({ workload }) => keyOf(workload))) : undefined;
  for (const key of known ? since.keys() : []) if (!known?.has(key)) since.delete(key);
}
