import type { Assessed } from './assessed.ts';
import { lastRestart } from './knownRestarts.ts';
import { isFailure } from './outcomes.ts';
import { lastBegun, rolloutState } from './rollout.ts';

/**
 * Whether the rollout that does not end is the one that our own failed restart began: no other work is in the way, and only another
 * rollout can end it. The other rules decide whether one is due; for the same sidecar it is not. A rollout that has ended does not count.
 */
export function isOurFailure(assessed: Assessed): boolean {
  const { workload } = assessed;
  const last = lastRestart(assessed);
  const failed = last !== undefined && isFailure(last.outcome) && lastBegun(workload) === last.restartedAt;
  return failed && rolloutState(workload).kind !== 'complete';
}
