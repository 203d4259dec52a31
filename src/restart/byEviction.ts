import { ANNOTATION } from '../names.ts';
import { parseTime } from '../rfc3339.ts';
import type { Actuator } from './actuator.ts';

/**
 * Restarts as `kubectl drain` does, by evictions of `policy/v1`, which PodDisruptionBudgets may refuse. The template is not written: where
 * no controller replaces pods, a changed template would be a rollout that nobody has asked for.
 */
export const byEviction: Actuator = {
  help: 'evictions of its pods, one after the other; its pod template is not written',
  mark: 'the record of the restart',
  verbs: ['patch'],
  evicts: true,
  begin: () => ({}),
  begunAt: ({ annotations }) => parseTime(annotations[ANNOTATION.restartedAt]),
};
