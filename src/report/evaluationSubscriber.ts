import type { Evaluation } from '../plan/evaluate.ts';

/**
 * Gets every evaluation of the loop, one after the other; `FollowedItems` tells what has changed since the last. Long work is cut into
 * slices, and the promise resolves after it.
 */
export interface EvaluationSubscriber {
  evaluated(evaluation: Evaluation): void | Promise<void>;
}
