import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Workload } from '../model.ts';
import { RESTARTED_AT } from '../names.ts';
import { fingerprint, type Outcome, parseTime, recordOf, timestamp } from '../plan/record.ts';
import { rolloutState } from '../plan/rollout.ts';

/** How far a recorded restart has come. */
export type Progress =
  | { readonly kind: 'progressing' }
  /** The controller is done; whether the pods have what the restart was for is still to be seen. */
  | { readonly kind: 'complete'; readonly late: boolean; readonly isFor: (expected: ExpectedSidecar) => boolean }
  /** The template's annotation is no longer ours. */
  | { readonly kind: 'replaced'; readonly end: { readonly outcome: Outcome; readonly detail: string } }
  | { readonly kind: 'failed'; readonly end: { readonly outcome: Outcome; readonly detail: string } };

/**
 * Reads a followed workload. An annotation that is gone or older than ours was taken back by whoever owns the manifests; a newer one is
 * somebody else's restart. A changed template with our annotation in it (a deployment meanwhile) is simply followed on.
 * @param timeout milliseconds from the recorded write
 */
export function progressOf(workload: Workload, now: number, timeout: number): Progress {
  const record = recordOf(workload);
  if (!record) return { kind: 'progressing' };
  const written = parseTime(workload.template.annotations[RESTARTED_AT]) ?? 0;
  if (written < record.restartedAt) {
    return { kind: 'replaced', end: { outcome: 'reverted', detail: 'the restart annotation was taken back' } };
  }
  if (written > record.restartedAt) {
    return {
      kind: 'replaced',
      end: { outcome: 'superseded', detail: `restarted by somebody else at ${timestamp(written)}` },
    };
  }
  const state = rolloutState(workload);
  if (state.kind === 'stuck') return failed('progress-deadline', state.detail);
  const isFor = (expected: ExpectedSidecar): boolean => fingerprint(expected) === record.restartedFor;
  const late = now > record.restartedAt + timeout;
  if (state.kind === 'complete') return { kind: 'complete', late, isFor };
  return late ? failed('timeout', `${state.detail} after ${timeout / 1000} s`) : { kind: 'progressing' };
}

const failed = (why: string, detail: string): Progress => ({
  kind: 'failed',
  end: { outcome: `failed:${why}`, detail },
});
