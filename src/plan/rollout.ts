import { ownerKind } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';

/** The progress of a controller's rollout of the current template. */
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
  const wanted = replacedPods(workload);
  if (rollout.updated < wanted) return progressing(`${rollout.updated} of ${wanted} pods updated`);
  const left = ownerKind(workload.kind).leftToDo(workload);
  if (left !== undefined) return progressing(left);
  return rollout.available < rollout.desired
    ? progressing(`${rollout.available} of ${rollout.desired} pods available`)
    : { kind: 'complete' };
}

const progressing = (detail: string): RolloutState => ({ kind: 'progressing', detail });

/** The number of pods that a rollout replaces. With a partition, only pods from it on; then the two revisions stay different. */
export const replacedPods = ({ partition, rollout }: Workload): number => Math.max(0, rollout.desired - partition);

/** When the newest restart of a workload began, by any writer; undefined if there was none. */
export const lastBegun = (workload: Workload): number | undefined =>
  ownerKind(workload.kind).actuator.begunAt(workload);

/** Whether every pod is of the newest template, available or not: no rollout is under way. */
export function isSettled(workload: Workload): boolean {
  const { kind, generation, rollout } = workload;
  if (rollout.observedGeneration < generation || rollout.updated < replacedPods(workload)) return false;
  return ownerKind(kind).leftToDo(workload) === undefined;
}
