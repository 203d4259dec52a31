import { timestamp } from '../rfc3339.ts';
import type { Actuator } from './actuator.ts';

/**
 * Restarts like `kubectl argo rollouts restart`: the controller evicts every pod that is older than `spec.restartAt` (argo-rollouts
 * rollout/restart.go). The template stays as it is, because a changed one would begin an update, with its steps and analyses.
 */
export const byRestartAt: Actuator = {
  help: '`spec.restartAt`; its template is never written',
  mark: '`spec.restartAt`',
  verbs: ['patch'],
  begin: (restartedAt) => ({ spec: { restartAt: timestamp(restartedAt) } }),
  begunAt: ({ restart }) => restart?.at,
  endsBeforeReady: true,
};
