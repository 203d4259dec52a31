import type { VerdictReasonCode } from '../compare/verdictReasons.ts';
import type { WorkloadRef } from '../model.ts';
import { type Assessed, isOutdated, type Outdated } from './assessed.ts';
import { countedEntry } from './countedEntry.ts';
import { isInFlight, type JournalEntry } from './journalEntry.ts';
import { isFailure } from './outcomes.ts';
import { isReached } from './reached.ts';
import { fingerprint, recordOf, sourceIn, type Target, targetsOf, targetsOfRestart } from './record.ts';
import { rolloutState } from './rollout.ts';
import type { RunNotes } from './runNotes.ts';

/** What is known of the workloads of one wave that one run concerns. */
export interface WaveTally {
  total: number;
  current: number;
  inFlight: number;
  failed: number;
  waiting: number;
  /** Workloads that keep it from being done, and one of them. */
  left: number;
  leftExample?: string;
  failedExample?: string;
  /** Something of it was restarted in this run. */
  isRestarted: boolean;
  /** When the last of its restarts ended, by the wall clock, as far as that is known. */
  endedAt?: number;
  /** Namespaces with a workload that was restarted well in this run. */
  readonly proved: Set<string>;
  /** Those of them where such a workload is outdated, because another sidecar is expected now. */
  readonly changed: Set<string>;
}

/**
 * Whether what a wave has shown no longer holds. The owner of one namespace can change what is expected there (a ProxyConfig), so one
 * namespace tells of the wave only if no other one has shown anything.
 */
export const isChanged = ({ proved, changed }: WaveTally): boolean =>
  changed.size > 1 || (changed.size === 1 && proved.size === 1);

/** A wave of which nothing is known. */
export const emptyTally = (): WaveTally => ({
  total: 0,
  current: 0,
  inFlight: 0,
  failed: 0,
  waiting: 0,
  left: 0,
  isRestarted: false,
  proved: new Set(),
  changed: new Set(),
});

/** Adds what was counted of other workloads, which come after these. */
export function addTally(into: WaveTally, other: WaveTally): void {
  for (const count of ['total', 'current', 'inFlight', 'failed', 'waiting', 'left'] as const)
    into[count] += other[count];
  if (other.leftExample !== undefined) into.leftExample ??= other.leftExample;
  if (other.failedExample !== undefined) into.failedExample ??= other.failedExample;
  into.isRestarted ||= other.isRestarted;
  countEnd(other.endedAt, into);
  for (const namespace of other.proved) into.proved.add(namespace);
  for (const namespace of other.changed) into.changed.add(namespace);
}

/** What counting rests on besides the workload. Times are milliseconds of the wall clock. */
export interface TallyContext {
  readonly wall: number;
  /** Called where the wall clock or what was noted decides, so that the same workload may be counted in another way the next time. */
  readonly moves: () => void;
  /** Failures of restarts from before do not count: a person has asked to go on. */
  readonly since: number;
  readonly restartTimeout: number;
  readonly notes: RunNotes | undefined;
  /** When the last restart of its wave ended, as was noted. */
  readonly noted: number | undefined;
  /** Whether its owners hold an outdated workload, or no waiting will make it current. */
  readonly isHeld: (assessed: Outdated) => boolean;
}

/** For what is counted at each evaluation anew. */
export type UnmovedContext = Omit<TallyContext, 'moves'>;

/** Verdicts that are not known because of the workload itself: its own people have to change it. */
const OF_ITS_OWN: ReadonlySet<VerdictReasonCode> = new Set<VerdictReasonCode>([
  'injector-refused',
  'bad-answer',
  'match-conditions',
  'invalid-selector',
]);

/** Verdicts that leave a workload alone. */
const OF_NO_RUN: ReadonlySet<string> = new Set(['skipped', 'conflict']);

/** Counts a workload, with the sidecar that the run is about in front. */
export function tally(one: Assessed, run: string, into: WaveTally, context: TallyContext): void {
  const { workload, verdict, entry } = one;
  countRestarts(one, run, into, context);
  countProof(one, run, into);
  if (isInFlight(one) && entry && targetsOfRestart(entry).some((target) => target.run === run)) {
    into.total += 1;
    countInFlight(workload, into);
    return;
  }
  const isRight = verdict.state === 'current' || isRemoved(one, run);
  if (!isRight && OF_NO_RUN.has(verdict.state)) return;
  into.total += 1;
  const hasFailed = entry !== undefined && failedIn(entry, one, run, context.since);
  // new pods may have the sidecar and never become ready
  if (isRight && (!hasFailed || rolloutState(workload).kind === 'complete')) {
    into.current += 1;
    if (hasFailed) countEnd(repairedAt(entry, context), into);
    return;
  }
  if (hasFailed) countFailed(workload, into);
  if (isOutdated(one)) countOutdated(one, hasFailed, into, context);
  else if (verdict.state === 'unknown' && !OF_ITS_OWN.has(verdict.reason.code)) countLeft(workload, into);
}

/** Whether its pods have lost the sidecar that a restart of this run was to remove. */
const isRemoved = (one: Assessed, run: string): boolean =>
  one.verdict.state === 'skipped' &&
  one.entry !== undefined &&
  targetsOf(one.entry).some((target) => target.run === run && isReached(one, target));

/** Counts a restart that is under way; its workload may not be known. */
export function countInFlight(ref: WorkloadRef, into: WaveTally): void {
  into.inFlight += 1;
  into.isRestarted = true;
  countLeft(ref, into);
}

/** Counts a restart that has ended, and whose workload is not known: only its failure says something. */
export function countUnseen(
  ref: WorkloadRef,
  entry: JournalEntry,
  { run, into, context }: { readonly run: string; readonly into: WaveTally; readonly context: UnmovedContext },
): void {
  if (!failuresOf(entry, run, context.since).length) return;
  into.isRestarted = true;
  countFailed(ref, into);
  countEnd(endOf(entry, run, { ...context, moves: () => undefined }), into);
}

function countFailed(ref: WorkloadRef, into: WaveTally): void {
  into.failed += 1;
  into.failedExample ??= words(ref);
}

function countOutdated(one: Outdated, hasFailed: boolean, into: WaveTally, context: TallyContext): void {
  if (!hasFailed) into.waiting += 1;
  if (!context.isHeld(one)) countLeft(one.workload, into);
}

function countLeft(ref: WorkloadRef, into: WaveTally): void {
  into.left += 1;
  into.leftExample ??= words(ref);
}

const words = ({ kind, namespace, name }: WorkloadRef): string => `${kind} ${namespace}/${name}`;

/** Whether the last restart for this sidecar in this run failed. */
const failedIn = (entry: JournalEntry, { source }: Assessed, run: string, since: number): boolean =>
  failuresOf(entry, run, since).some(({ restartedFor }) => sourceIn(restartedFor) === source?.name);

/** For what the last restart failed in this run. Until one is known to be written, the one before counts. */
const failuresOf = (entry: JournalEntry, run: string, since: number): readonly Target[] =>
  targetsOf(countedEntry(entry)).filter(
    (target) => target.run === run && target.restartedAt >= since && isFailure(target.outcome),
  );

function countRestarts(one: Assessed, run: string, into: WaveTally, context: TallyContext): void {
  const { entry } = one;
  if (entry && isOf(entry, run)) {
    into.isRestarted = true;
    if (entry.outcome) countEnd(endOf(entry, run, context), into);
  } else if (!entry && context.notes?.waves === undefined) {
    // after the journal was lost, the record on the workload may make the next wave wait for longer
    const record = recordOf(one.workload);
    if (!record || !isOf(record, run)) return;
    into.isRestarted = true;
    countEnd(past(record.restartedAt + context.restartTimeout, context), into);
  }
}

const isOf = (record: Parameters<typeof targetsOf>[0], run: string): boolean =>
  targetsOf(record).some((target) => target.run === run);

function countEnd(at: number | undefined, into: WaveTally): void {
  if (at !== undefined) into.endedAt = Math.max(into.endedAt ?? 0, at);
}

/** When a restart of this run ended; undefined if what was noted is later. */
function endOf(entry: JournalEntry, run: string, context: TallyContext): number | undefined {
  // of an earlier restart of the workload only the target is known: that ended before this one began
  if (!targetsOfRestart(entry).some((target) => target.run === run)) return past(entry.restartedAt, context);
  if (entry.endedAt !== undefined) return past(entry.endedAt, context);
  const { noted, restartTimeout } = context;
  context.moves();
  return noted !== undefined && noted >= entry.restartedAt
    ? undefined
    : past(entry.restartedAt + restartTimeout, context);
}

/** A time, but none in the future. */
function past(time: number, { wall, moves }: TallyContext): number {
  if (time <= wall) return time;
  moves();
  return wall;
}

/**
 * What was repaired after a failed restart has only begun to show that it runs well when that is seen first, which is noted. Its entry may
 * stay as it is for long, because a halt holds that, too.
 */
function repairedAt({ endedAt, restartedAt }: JournalEntry, { wall, noted, moves }: TallyContext): number | undefined {
  moves();
  return noted !== undefined && noted > (endedAt ?? restartedAt) ? undefined : wall;
}

/**
 * Notes whether this run has restarted a workload well, and whether that was for a sidecar that is no longer the expected one. Only the
 * journal tells: anyone could write a record, and would hold the next waves.
 */
function countProof(one: Assessed, run: string, { proved, changed }: WaveTally): void {
  const own = (one.entry ? targetsOf(one.entry) : []).filter(
    (target) =>
      target.run === run && sourceIn(target.restartedFor) === one.source?.name && target.outcome === 'verified',
  );
  if (own.length === 0) return;
  const { namespace } = one.workload;
  proved.add(namespace);
  if (!isOutdated(one)) return;
  const wanted = fingerprint(one.verdict.expected);
  if (own.every(({ restartedFor }) => restartedFor !== wanted)) changed.add(namespace);
}
