import type { Workload } from '../model.ts';
import { rolloutState } from '../plan/rollout.ts';
import type { RolloutFacts } from './clusterStatus.ts';

/** What a controller says, in the words of `kubectl rollout status`. */
export function rolloutFacts(workload: Workload, problem?: string): RolloutFacts {
  const state = rolloutState(workload);
  return {
    state: state.kind,
    detail: state.kind === 'complete' ? '' : state.detail,
    ...(problem !== undefined && { problem }),
  };
}
