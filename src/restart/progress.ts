import type { Drift, DriftRules } from '../compare/drift.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import type { Assessed } from '../plan/assessed.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import type { Failure, Outcome } from '../plan/outcomes.ts';
import { fingerprint } from '../plan/record.ts';
import { replacedPods, rolloutState } from '../plan/rollout.ts';
import { timestamp } from '../rfc3339.ts';

/** How a restart ended, and why, for people. */
export interface End {
  readonly outcome: Outcome;
  readonly detail: string;
}

/** How far a journalled restart has come by what its controller and its template say. */
export type Progress =
  /** Nothing was written, or not yet. */
  | { readonly kind: 'unwritten' }
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
 * Reads a followed workload. An annotation that is gone or older than ours was taken back by the owner of the manifests; a newer one is
 * somebody else's restart. A changed template with our annotation in it (a deployment meanwhile) is simply followed on. As long as it is
 * not known that the write was done, an unchanged generation says that it was not: every write of the template makes a new one
 * (apiserver registry/rest PrepareForUpdate of the apps kinds). Another generation without our annotation may hide one that was taken back
 * at once, and so it counts as that: better one restart too few.
 * @param now steady clock, milliseconds
 */
export function progressOf(workload: Workload, entry: JournalEntry, now: number, allowed: Allowance): Progress {
  const written = ownerKind(workload.kind).actuator.begunAt(workload) ?? 0;
  if (!entry.confirmed && written !== entry.restartedAt && workload.generation <= entry.generation)
    return { kind: 'unwritten' };
  if (written < entry.restartedAt) {
    return { kind: 'replaced', end: { outcome: 'reverted', detail: 'the restart annotation was taken back' } };
  }
  if (written > entry.restartedAt) {
    const detail = `restarted by somebody else at ${timestamp(written)}`;
    return { kind: 'replaced', end: { outcome: 'superseded', detail } };
  }
  const { timeout, excusedAt } = allowed;
  const state = rolloutState(workload);
  const late = now > Math.max(entry.since, excusedAt ?? 0) + timeout;
  if (state.kind === 'complete') return { kind: 'complete', late };
  if (state.kind === 'stuck' && (excusedAt === undefined || late)) return failed('progress-deadline', state.detail);
  return late ? failed('timeout', `${state.detail} after ${timeout / 1000} s`) : { kind: 'progressing' };
}

const failure = (why: Failure, detail: string): End => ({ outcome: `failed:${why}`, detail });

const failed = (why: Failure, detail: string): Progress => ({ kind: 'failed', end: failure(why, detail) });

/** What `endOf` goes by besides what it is shown. */
export interface Circumstances {
  readonly entry: JournalEntry;
  readonly rules: DriftRules;
  /** Whether the time limit had passed before this process saw the restart for the first time: it may have ended well long ago. */
  readonly inherited: boolean;
}

/**
 * How a followed restart ended; undefined: it has not yet. Pods are assessed first: where all are as they should be it is verified,
 * whatever annotations and conditions say. What is not known yet is waited for until the time limit.
 */
export function endOf(progress: Progress, assessed: Assessed, circumstances: Circumstances): End | undefined {
  const { verdict } = assessed;
  const { entry, inherited } = circumstances;
  if (
    verdict.state === 'current' &&
    (progress.kind === 'complete' || progress.kind === 'replaced' || allDone(assessed))
  )
    return { outcome: 'verified', detail: 'every pod is ready with the expected sidecar' };
  if (progress.kind === 'unwritten') return undefined;
  if (progress.kind === 'progressing') return isFailingOpen(assessed, circumstances) ? NO_SIDECAR : undefined;
  if (progress.kind !== 'complete') return progress.end;
  if (verdict.state === 'skipped') return { outcome: 'superseded:expectation', detail: verdict.reason.detail };
  if (verdict.state !== 'outdated') return progress.late ? UNVERIFIED : undefined;
  if (!isFor(entry, verdict.expected))
    return { outcome: 'superseded:expectation', detail: 'the injector expects another sidecar by now' };
  return inherited ? UNVERIFIED : whatIsWrong(verdict.drifts);
}

/** What new pods have instead of the expected sidecar. Only a missing one says that the API server does without the injector. */
function whatIsWrong(drifts: readonly Drift[]): End {
  if (drifts.includes('missing')) return NO_SIDECAR;
  return drifts.includes('image') ? WRONG_IMAGE : WRONG_REVISION;
}

const isFor = ({ restartedFor }: JournalEntry, expected: ExpectedSidecar): boolean =>
  fingerprint(expected) === restartedFor;

/**
 * Whether pods that were born since the restart are ready without any sidecar, while the injector still says that they would get it:
 * then the API server does not call it, or goes on without it. Both times are the API server's.
 */
function isFailingOpen({ workload, verdict, groups }: Assessed, { entry, rules }: Circumstances): boolean {
  if (verdict.state !== 'outdated' || !isFor(entry, verdict.expected) || !rules.restartOn.has('missing')) return false;
  const since = workload.writtenAt ?? entry.restartedAt;
  return groups.some(({ sidecar, ready, youngest }) => sidecar.placement === 'none' && ready && youngest > since);
}

/** Whether all pods that can be replaced are there and ready; those on lost nodes cannot, and those before a partition are not meant. */
function allDone({ workload, groups, onLostNodes }: Assessed): boolean {
  if (ownerKind(workload.kind).through || workload.rollout.observedGeneration < workload.generation) return false;
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return groups.every(({ ready }) => ready) && count + onLostNodes >= replacedPods(workload);
}

const UNVERIFIED = failure('unverified', 'it was not known within the time limit what the new pods should have');
const NO_SIDECAR = failure('no-sidecar', 'new pods are ready without a sidecar');
const WRONG_IMAGE = failure('wrong-image', 'new pods are ready with another proxy image than the injector names');
const WRONG_REVISION = failure(
  'wrong-revision',
  'new pods are ready with a sidecar of another revision than the injector names',
);

/**
 * Whether pods are not made because the injector refuses them or cannot be reached: the API server's words when a webhook fails (apiserver
 * pkg/admission/plugin/webhook/errors).
 */
export const isRefusedByInjector = ({ rollout }: Workload): boolean =>
  /webhook "[^"]*sidecar-injector\.istio\.io"/.test(rollout.createFailure ?? '');

/** Whether the API server reaches no injector for its pods, which is not the workload's doing as a refusal may be. */
export const isNotReached = ({ rollout }: Workload): boolean =>
  /failed calling webhook "[^"]*sidecar-injector\.istio\.io"/.test(rollout.createFailure ?? '');
