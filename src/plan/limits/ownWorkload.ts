import { keyOf } from '../../model.ts';
import type { Limit } from './limit.ts';

export const ownWorkload: Limit<'own-workload'> = {
  code: 'own-workload',
  help: 'The workload is Meltemi itself, which is restarted last.',
  ends: 'All other restarts have ended.',
  lookAgain: 'on-change',
  check: ({ workload }, { inFlight, queued }, { own }) =>
    keyOf(workload) === own && inFlight + queued > 1 ? { detail: 'other workloads are restarted first' } : undefined,
};
