import { type DriftRules, driftsOf } from '../compare/drift.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Workload } from '../model.ts';
import { RESTARTED_AT } from '../names.ts';
import type { Judged } from '../plan/judged.ts';
import { fingerprint, type Outcome, parseTime, type RestartRecord, timestamp } from '../plan/record.ts';
import { replacedPods, rolloutState } from '../plan/rollout.ts';

/** How a restart ended, and why, for people. */
export interface End {
  readonly outcome: Outcome;
  readonly detail: string;
}

/** How far a recorded restart has come by what its controller and its template say. */
export type Progress =
  | { readonly kind: 'progressing' }
  /** The controller is done; whether the pods have what the restart was for is still to be seen. */
  | { readonly kind: 'complete'; readonly late: boolean }
  /** The template's annotation is no longer ours. */
  | { readonly kind: 'replaced'; readonly end: End }
  | { readonly kind: 'failed'; readonly end: End };

/** What a restart is given. Times are milliseconds. */
export interface Allowance {
  readonly timeout: number;
  /** When the injector was last seen to keep the pods from being made: the time limit counts from then. */
  readonly excusedAt?: number | undefined;
}

/**
 * Reads a followed workload. An annotation that is gone or older than ours was taken back by whoever owns the manifests; a newer one is
 * somebody else's restart. A changed template with our annotation in it (a deployment meanwhile) is simply followed on.
 */
export function progressOf(workload: Workload, record: RestartRecord, now: number, allowed: Allowance): Progress {
  const written = parseTime(workload.template.annotations[RESTARTED_AT]) ?? 0;
  if (written < record.restartedAt) {
    return { kind: 'replaced', end: { outcome: 'reverted', detail: 'the restart annotation was taken back' } };
  }
  if (written > record.restartedAt) {
    const detail = `restarted by somebody else at ${timestamp(written)}`;
    return { kind: 'replaced', end: { outcome: 'superseded', detail } };
  }
  const { timeout, excusedAt } = allowed;
  const state = rolloutState(workload);
  const late = now > Math.max(record.restartedAt, excusedAt ?? 0) + timeout;
  if (state.kind === 'complete') return { kind: 'complete', late };
  if (state.kind === 'stuck' && (excusedAt === undefined || late)) return failed('progress-deadline', state.detail);
  return late ? failed('timeout', `${state.detail} after ${timeout / 1000} s`) : { kind: 'progressing' };
}

const failed = (why: string, detail: string): Progress => ({
  kind: 'failed',
  end: { outcome: `failed:${why}`, detail },
});

/** What `endOf` goes by besides what it is shown. */
export interface Circumstances {
  readonly record: RestartRecord;
  readonly rules: DriftRules;
  /** Whether the time limit had passed before this process saw the restart for the first time: it may have ended well long ago. */
  readonly inherited: boolean;
}

/**
 * How a followed restart ended; undefined: it has not yet. Pods are judged first: where all are as they should be it is verified, whatever
 * annotations and conditions say. What cannot be told is waited for until the time limit.
 */
export function endOf(progress: Progress, judged: Judged, circumstances: Circumstances): End | undefined {
  const { verdict } = judged;
  const { record, inherited } = circumstances;
  if (verdict.state === 'current' && (progress.kind === 'complete' || progress.kind === 'replaced' || allDone(judged)))
    return { outcome: 'verified', detail: 'every pod is ready with the expected sidecar' };
  if (progress.kind === 'progressing') return isFailingOpen(judged, circumstances) ? NOT_INJECTED : undefined;
  if (progress.kind !== 'complete') return progress.end;
  if (verdict.state === 'skipped') return { outcome: 'superseded:expectation', detail: verdict.reason.detail };
  if (verdict.state !== 'outdated') return progress.late ? UNVERIFIED : undefined;
  if (!isFor(record, verdict.expected))
    return { outcome: 'superseded:expectation', detail: 'the injector expects another sidecar by now' };
  return inherited ? UNVERIFIED : NOT_INJECTED;
}

const isFor = (record: RestartRecord, expected: ExpectedSidecar): boolean =>
  fingerprint(expected) === record.restartedFor;

/**
 * Whether pods that were born since the restart are ready without what it was for, while the injector still says that they would get it:
 * then the API server does not call it, or goes on without it. Both times are the API server's.
 */
function isFailingOpen({ workload, verdict, groups }: Judged, { record, rules }: Circumstances): boolean {
  if (verdict.state !== 'outdated' || !isFor(record, verdict.expected)) return false;
  const since = workload.writtenAt ?? record.restartedAt;
  const drifted = groups.filter(({ sidecar }) =>
    driftsOf(verdict.expected, sidecar, rules).some((drift) => rules.restartOn.has(drift)),
  );
  return drifted.some(({ ready, youngest }) => ready && youngest > since);
}

/** Whether all pods that can be replaced are there and ready; those on lost nodes cannot, and those before a partition are not meant. */
function allDone({ workload, groups, stranded }: Judged): boolean {
  if (workload.kind === 'Deployment' || workload.rollout.observedGeneration < workload.generation) return false;
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return groups.every(({ ready }) => ready) && count + stranded >= replacedPods(workload);
}

const UNVERIFIED: End = {
  outcome: 'failed:unverified',
  detail: 'nobody could say within the time limit what the new pods should have',
};

const NOT_INJECTED: End = {
  outcome: 'failed:not-injected',
  detail: 'new pods are ready without the expected sidecar',
};

/** Whether the injector, or that nobody reaches it, keeps pods from being made: the API server's words when a webhook fails (apiserver pkg/admission/plugin/webhook/errors). */
export const isRefusedByInjector = ({ rollout }: Workload): boolean =>
  /webhook "[^"]*sidecar-injector\.istio\.io"/.test(rollout.createFailure ?? '');
