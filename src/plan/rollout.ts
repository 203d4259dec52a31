import type { Workload } from '../model.ts';

/** How a controller's rollout of the current template stands. */
export type RolloutState =
  | { readonly kind: 'complete' }
  | { readonly kind: 'progressing'; readonly detail: string }
  | { readonly kind: 'stuck'; readonly detail: string };

/**
 * Reads a rollout as `kubectl rollout status` does (kubectl pkg/polymorphichelpers/rollout_status.go), from the status the
 * controller wrote for this very generation.
 */
export function rolloutState(workload: Workload): RolloutState {
  const { generation, rollout } = workload;
  if (rollout.observedGeneration < generation) return progressing('the controller has not seen the change yet');
  if (rollout.deadlineExceeded) return { kind: 'stuck', detail: rollout.deadlineExceeded };
  if (rollout.updated < rollout.desired) return progressing(`${rollout.updated} of ${rollout.desired} pods updated`);
  if (workload.kind === 'Deployment' && rollout.existing > rollout.updated) {
    return progressing(`${rollout.existing - rollout.updated} old pods are still there`);
  }
  if (workload.kind === 'StatefulSet' && rollout.currentRevision !== rollout.updateRevision) {
    return progressing('the update revision is not the current one yet');
  }
  return rollout.available < rollout.desired
    ? progressing(`${rollout.available} of ${rollout.desired} pods available`)
    : { kind: 'complete' };
}

const progressing = (detail: string): RolloutState => ({ kind: 'progressing', detail });

/** Whether every pod is of the newest template, available or not: nobody's rollout is under way. */
export function isSettled({ kind, generation, rollout }: Workload): boolean {
  if (rollout.observedGeneration < generation || rollout.updated < rollout.desired) return false;
  if (kind === 'StatefulSet') return rollout.currentRevision === rollout.updateRevision;
  return kind === 'DaemonSet' || rollout.existing <= rollout.updated;
}
