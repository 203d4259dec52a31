import { configDifferences } from '../compare/configDifference.ts';
import type { DriftRules } from '../compare/drift.ts';
import { countOf } from '../compare/podGroups.ts';
import type { OutdatedVerdict } from '../compare/verdict.ts';
import { excerpt } from '../excerpt.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { Sidecar, Workload } from '../model.ts';
import type { Assessed } from '../plan/assessed.ts';
import { isCanary } from '../plan/canaries.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import type { Failure, Outcome } from '../plan/outcomes.ts';
import { isReached } from '../plan/reached.ts';
import { fingerprint, type Target } from '../plan/record.ts';
import { replacedPods, rolloutState } from '../plan/rollout.ts';
import { timestamp } from '../rfc3339.ts';
import type { Actuator } from './actuator.ts';

/** The outcome of a restart, with an explanation for users. */
export interface End {
  readonly outcome: Outcome;
  readonly detail: string;
}

/** The progress of a restart in the journal, according to the workload's controller and template. */
export type Progress =
  /** The restart has not been written. */
  | { readonly kind: 'unwritten' }
  | { readonly kind: 'progressing' }
  /** The rollout is complete. The new pods are not verified yet. */
  | { readonly kind: 'complete'; readonly late: boolean }
  /** The template's annotation is no longer ours. */
  | { readonly kind: 'replaced'; readonly end: End }
  | { readonly kind: 'failed'; readonly end: End };

/** The time limits of a restart, in milliseconds. */
export interface Allowance {
  readonly timeout: number;
  /** Until when something other than the restart excuses that it is late. */
  readonly excusedUntil?: number | undefined;
}

/**
 * Determines the progress of a followed restart. If our annotation is missing or an older one is in its place, the owner of the manifests
 * has reverted it. A newer one is another client's restart. If the template changed but keeps our annotation (a new deployment), the
 * rollout is still followed. If it is unknown whether our write succeeded, an unchanged generation shows that it did not: every write of
 * the template increments it (apiserver registry/rest PrepareForUpdate of the apps kinds). A changed generation without our annotation
 * counts as reverted, because the annotation may have been removed at once. One restart too few is the safer mistake.
 * @param now steady clock, milliseconds
 */
export function progressOf(workload: Workload, entry: JournalEntry, now: number, allowed: Allowance): Progress {
  const { actuator } = ownerKind(workload.kind);
  const written = actuator.begunAt(workload) ?? 0;
  if (!entry.confirmed && written !== entry.restartedAt && workload.generation <= entry.generation)
    return { kind: 'unwritten' };
  if (written < entry.restartedAt) return { kind: 'replaced', end: replacedBy(workload, actuator) };
  if (written > entry.restartedAt) {
    const detail = `another client restarted the workload at ${timestamp(written)}`;
    return { kind: 'replaced', end: { outcome: 'superseded', detail } };
  }
  const { timeout, excusedUntil } = allowed;
  const state = rolloutState(workload);
  const late = now > Math.max(entry.since + timeout, excusedUntil ?? 0);
  if (state.kind === 'complete') return { kind: 'complete', late };
  if (state.kind === 'stuck' && (excusedUntil === undefined || late)) return failed('progress-deadline', state.detail);
  return late ? failed('timeout', `${state.detail} after ${timeout / 1000} s`) : { kind: 'progressing' };
}

/**
 * A promotion of Flagger makes the primary's template and annotations anew from those of its target (flagger pkg/canary
 * deployment_controller.go Promote). It rolls every pod out, and it does not revert anything.
 */
function replacedBy({ owner }: Workload, { mark }: Actuator): End {
  if (isCanary(owner))
    return { outcome: 'superseded', detail: 'Flagger has promoted another version to this workload meanwhile' };
  return { outcome: 'reverted', detail: `${mark} was removed or overwritten` };
}

const failure = (why: Failure, detail: string): End => ({ outcome: `failed:${why}`, detail });

const failed = (why: Failure, detail: string): Progress => ({ kind: 'failed', end: failure(why, detail) });

/** The context of `endOf`: what it needs besides the observation. */
export interface VerificationContext {
  /** The target of the restart that is verified. */
  readonly target: Target;
  readonly rules: DriftRules;
  /** Whether the time limit had passed before this process first saw the restart. It may have succeeded long ago. */
  readonly inherited: boolean;
}

/**
 * The outcome of a followed restart; undefined while it is in progress. Pods are assessed first: if all are as expected, the restart is
 * verified, whatever annotations and conditions say. Unknown facts are awaited until the time limit.
 */
export function endOf(progress: Progress, assessed: Assessed, context: VerificationContext): End | undefined {
  if (progress.kind === 'complete' && isEarly(assessed)) return progress.late ? NOT_READY : undefined;
  return endOfRollout(progress, assessed, context);
}

function endOfRollout(progress: Progress, assessed: Assessed, context: VerificationContext): End | undefined {
  const { verdict } = assessed;
  if (isReached(assessed, context.target) && isOver(progress, assessed))
    return verdict.state === 'current' ? VERIFIED : REMOVED;
  if (progress.kind === 'unwritten') return undefined;
  if (progress.kind === 'failed' && isDeletedWithNamespace(assessed)) return DELETED_WITH_NAMESPACE;
  if (progress.kind === 'progressing') return isFailingOpen(assessed, context) ? NO_SIDECAR : undefined;
  return progress.kind === 'complete' ? endOfComplete(progress.late, assessed, context) : progress.end;
}

/** The end of a rollout that is complete, and whose pods do not have what the restart was for. */
function endOfComplete(
  late: boolean,
  { verdict }: Assessed,
  { target, inherited }: VerificationContext,
): End | undefined {
  if (verdict.state === 'skipped') return { outcome: 'superseded:expectation', detail: verdict.reason.detail };
  if (verdict.state === 'current') return EXPECTED_OTHERWISE;
  if (verdict.state !== 'outdated') return late ? UNVERIFIED : undefined;
  if (!isFor(target, verdict.expected)) return EXPECTED_OTHERWISE;
  return inherited ? UNVERIFIED : whatIsWrong(verdict);
}

/** No pod can be made in a namespace that is being deleted, which says nothing of the sidecar. */
export const isDeletedWithNamespace = ({ verdict }: Pick<Assessed, 'verdict'>): boolean =>
  verdict.state === 'skipped' && verdict.reason.code === 'deleting';

const DELETED_WITH_NAMESPACE: End = {
  outcome: 'superseded:expectation',
  detail: 'the deletion of its namespace has begun, so no new pods are created',
};

/** Describes what new pods have instead of the expected sidecar. Only a missing sidecar shows that the injector was not called. */
function whatIsWrong({ drifts, actual, expected }: OutdatedVerdict): End {
  if (drifts.includes('orphaned')) return STILL_INJECTED;
  if (drifts.includes('missing')) return NO_SIDECAR;
  if (drifts.includes('revision') && !drifts.includes('image')) return WRONG_REVISION;
  if (!drifts.includes('image')) return drifts.includes('native') ? WRONG_PLACEMENT : configRemains(actual, expected);
  const images = `${excerpt(actual.image, LONGEST_IMAGE)}, expected ${excerpt(expected.image, LONGEST_IMAGE)}`;
  return failure('wrong-image', `new pods are ready with the image ${images}`);
}

/** Paths of the container's fields that a message names. */
const PATHS_NAMED = 3;

function configRemains(actual: Sidecar, expected: ExpectedSidecar): End {
  const differences = actual.config && expected.config ? configDifferences(expected.config, actual.config) : [];
  const paths = differences.slice(0, PATHS_NAMED).map(({ path }) => excerpt(path, LONGEST_PATH));
  const more = differences.length > PATHS_NAMED ? ` and ${differences.length - PATHS_NAMED} more` : '';
  return {
    outcome: 'config-remains',
    detail: `new pods are ready with the expected sidecar, but it still differs in ${paths.join(', ')}${more}`,
  };
}

const isFor = ({ restartedFor }: Target, expected: ExpectedSidecar): boolean => fingerprint(expected) === restartedFor;

/**
 * Whether pods created since the restart are ready without any sidecar, although the injector still answers that they get one.
 * Then the API server does not call the injector, or ignores its failure. Pods and the last write have times of the API server's clock.
 */
function isFailingOpen({ workload, verdict, groups }: Assessed, { target, rules }: VerificationContext): boolean {
  if (verdict.state !== 'outdated' || !isFor(target, verdict.expected) || !rules.restartOn.has('missing')) return false;
  if (verdict.expected.placement === 'none') return false;
  // anyone who may edit the workload can write another time there, which must make no old pod a new one
  const since = Math.max(workload.writtenAt ?? 0, target.restartedAt);
  return groups.some(({ sidecar, ready, youngest }) => sidecar.placement === 'none' && ready && youngest > since);
}

const isOver = ({ kind }: Progress, assessed: Assessed): boolean =>
  kind === 'complete' || kind === 'replaced' || allDone(assessed);

/** Whether all replaceable pods exist and are ready. Pods on lost nodes and pods before a partition do not count. */
function allDone({ workload, groups, onLostNodes }: Assessed): boolean {
  if (ownerKind(workload.kind).through || workload.rollout.observedGeneration < workload.generation) return false;
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return groups.every(({ ready }) => ready) && count + onLostNodes >= replacedPods(workload);
}

const VERIFIED: End = { outcome: 'verified', detail: 'every pod is ready with the expected sidecar' };
const REMOVED: End = { outcome: 'verified', detail: 'every pod is ready without the sidecar' };

/** Whether the controller is done, but the last new pods are not there or not ready. */
function isEarly({ workload, groups }: Assessed): boolean {
  if (!ownerKind(workload.kind).actuator.endsBeforeReady) return false;
  return !groups.every(({ ready }) => ready) || countOf(groups) < replacedPods(workload);
}

const EXPECTED_OTHERWISE: End = {
  outcome: 'superseded:expectation',
  detail: 'the injector now expects a different sidecar',
};
const NOT_READY = failure('timeout', 'the restart is complete, but its new pods are not ready');
const UNVERIFIED = failure('unverified', 'the expected sidecar was still unknown when the time limit passed');
const NO_SIDECAR = failure('no-sidecar', 'new pods are ready without a sidecar');
/** An image in a message. Anyone who may create pods may have written it. */
const LONGEST_IMAGE = 200;
const LONGEST_PATH = 100;
const STILL_INJECTED = failure('still-injected', 'new pods are ready with a sidecar that no injector would inject');
const WRONG_PLACEMENT = failure(
  'wrong-placement',
  'new pods are ready with an ordinary container instead of a native sidecar, or the reverse',
);
const WRONG_REVISION = failure(
  'wrong-revision',
  "new pods are ready with a sidecar of a revision other than the injector's",
);

/** Whether the name of a webhook is that of an injector. */
export type IsInjector = (webhook: string) => boolean;

/**
 * Whether pods cannot be created because an injector rejects them or is unreachable. The pattern matches the API server's error when a
 * webhook fails (apiserver pkg/admission/plugin/webhook/errors).
 */
export const isRefusedByInjector = (workload: Workload, isInjector: IsInjector): boolean =>
  isNamed(/webhook "([^"]*)"/, workload, isInjector);

/** Whether the API server cannot reach an injector. Unlike a rejection, this is never the workload's fault. */
export const isNotReached = (workload: Workload, isInjector: IsInjector): boolean =>
  isNamed(/failed calling webhook "([^"]*)"/, workload, isInjector);

function isNamed(pattern: RegExp, { rollout }: Workload, isInjector: IsInjector): boolean {
  const name = pattern.exec(rollout.createFailure ?? '')?.[1];
  return name !== undefined && isInjector(name);
}
