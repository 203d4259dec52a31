import { excerpt } from '../excerpt.ts';
import type { RolloutReport } from '../model.ts';
import type { RawSpec, RawStatus } from './rawWorkload.ts';

/** The report of a controller that counts replicas and has conditions, as most do. */
export function replicaReport(spec: RawSpec, status: RawStatus): RolloutReport {
  const late = status.conditions?.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
  const refused = status.conditions?.find(({ type, status: is }) => type === 'ReplicaFailure' && is === 'True');
  return {
    observedGeneration: status.observedGeneration ?? 0,
    desired: spec.replicas ?? 1,
    existing: status.replicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    ...(status.currentRevision !== undefined && { currentRevision: status.currentRevision }),
    ...(status.updateRevision !== undefined && { updateRevision: status.updateRevision }),
    ...(late && { deadlineExceeded: excerpt(late.message ?? 'ProgressDeadlineExceeded') }),
    ...(refused && { createFailure: excerpt(refused.message ?? 'ReplicaFailure') }),
  };
}
