import { actuatorOf } from '../kinds/actuatorOf.ts';
import type { KindPolicy } from '../kinds/kindPolicy.ts';
import { findKind } from '../kinds/kinds.ts';
import { keyOf, type Labels, refOf, type Workload, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { RETRY } from '../names.ts';
import { cutToSecond } from '../rfc3339.ts';
import type { Assessed, Outdated } from './assessed.ts';
import { type Durations, withDuration } from './durations.ts';
import { kindOfOwner } from './history.ts';
import type { Outcome } from './outcomes.ts';
import {
  fingerprint,
  isTarget,
  type RestartRecord,
  recordOf,
  retryWord,
  sourceIn,
  TARGETS_KEPT,
  type Target,
  targetsOf,
  WRITES_KEPT,
  type Write,
  writesOf,
} from './record.ts';
import { lastBegun } from './rollout.ts';

/** The journal's entry for a workload's last restart. Only Meltemi writes it, so it is trusted for decisions about the whole cluster. */
export interface JournalEntry extends RestartRecord {
  /** UID of the restarted workload. A workload that was created again under the same name has another UID. */
  readonly uid: string;
  /** The workload's generation when the restart was planned. While it is unchanged, nothing was written. */
  readonly generation: number;
  /** Whether the write is known to have succeeded. */
  readonly confirmed: boolean;
  /** The entry before this one, kept as long as this restart may turn out not to have been written. */
  readonly before?: JournalEntry;
  /** Meltemi evicts the pods, one after the other, as long as the restart is in flight. */
  readonly evicts?: true;
  /** Kind and API group of the workload's owner; absent if it has none. */
  readonly owner?: string;
  /** When it ended, in milliseconds of the wall clock; absent while it is in flight, and if that is not known. */
  readonly endedAt?: number;
  /** When it began, by this process's steady clock in milliseconds; not stored. */
  readonly since: number;
}

/**
 * Milliseconds within which a restart that is journalled is written, or not at all. The time that is recorded is that of the decision, cut
 * to the second, so a restart may be this much younger than its record says.
 */
export const WRITTEN_WITHIN = 30_000;
/** The most that a time loses when it is cut to the second, in milliseconds. */
export const CUT = 999;

export type JournalEntries = ReadonlyMap<WorkloadKey, JournalEntry> & {
  /** Its keys and its entries as lists, where it has them. */
  readonly keyList?: readonly WorkloadKey[];
  readonly valueList?: readonly JournalEntry[];
};

/** The entry of a workload. An entry with another UID belongs to another workload of the same name. */
export function entryOf(
  entries: JournalEntries,
  workload: WorkloadRef & { readonly uid: string },
): JournalEntry | undefined {
  const entry = entries.get(keyOf(workload));
  return entry?.uid === workload.uid ? entry : undefined;
}

/** Whether a restart of this workload is in flight. */
export const isInFlight = ({ entry }: Pick<Assessed, 'entry'>): boolean => entry !== undefined && !entry.outcome;

/**
 * The last known restart of a workload: the journal's, or that of the record on the workload if it is later, as after the journal was lost.
 * An open record on the workload only says that its end is not known.
 */
export function lastRestart({ workload, entry }: Pick<Assessed, 'workload' | 'entry'>): RestartRecord | undefined {
  const record = recordOf(workload);
  return entry && (!record || record.restartedAt <= entry.restartedAt) ? entry : record;
}

/**
 * The restarts that count against another restart of a workload: the journal's last one, and the record on the workload if it is later. The
 * record never overrides the journal, because anyone who may edit the workload can write it.
 */
function knownRestarts(assessed: Pick<Assessed, 'workload' | 'entry'>): RestartRecord[] {
  const { entry } = assessed;
  const last = lastRestart(assessed);
  return [...(entry ? [entry] : []), ...(last && last !== entry ? [last] : [])];
}

/** Whether a user requests one more restart: a `meltemi.dev/retry` that no restart has answered yet. */
export function isRetryAsked(assessed: Pick<Assessed, 'workload' | 'entry'>): boolean {
  const asked = answeredRetry(assessed.workload.annotations);
  return asked !== undefined && knownRestarts(assessed).every(({ retried }) => retried !== asked);
}

/** How long ago a write must be that only the workload tells of, in milliseconds: one that is younger would hold the pace for others. */
const TOLD_LATER = 2 * 60_000;

/**
 * Every write of a workload that is known, newest first, as far as they lie in the past. Where the journal and the workload tell of the
 * same one, the journal knows how it ended.
 */
function earlierWrites({ workload, entry }: Pick<Assessed, 'workload' | 'entry'>, wall: number): Write[] {
  const record = recordOf(workload);
  const told = record ? writesOf(record).filter(({ at }) => at <= wall - TOLD_LATER) : [];
  const all = [...told, ...(entry ? writesOf(entry) : [])];
  const writes = new Map(all.map(({ at, well }) => [at, well]));
  return [...writes].map(([at, well]) => ({ at, well })).sort((a, b) => b.at - a.at);
}

/** The `meltemi.dev/retry` that a restart of the workload answers, as the record keeps it; undefined where there is none. */
export function answeredRetry(annotations: Labels): string | undefined {
  const asked = annotations[RETRY];
  return asked === undefined ? undefined : retryWord(asked);
}

/** The largest difference between two clocks. A time that is further ahead did not come from a clock. */
export const LONGEST_SKEW = 60 * 60_000;

/**
 * The journal's entry for the restart that is about to be written. Drift that comes back after a verified restart is a new episode and
 * counts from one again.
 * @param planned the workload with the sidecar that it is restarted for
 * @param together the same with the other sidecars that the restart is for, too
 * @param at when that is: by the wall clock, which is written and cut to the second because kubectl writes RFC 3339 so, and by the steady
 * clock of this process; both in milliseconds
 */
export function nextEntry(
  planned: ToRestart,
  at: { readonly wall: number; readonly now: number },
  together: readonly ToRestart[] = [],
): JournalEntry {
  const { workload } = planned;
  const retried = answeredRetry(workload.annotations);
  const restartedAt = nextTime(planned, at.wall);
  const [target, ...others] = [planned, ...together].map((one) => nextTarget(one, restartedAt));
  const all = [...others, ...stillKnown(planned, [planned, ...together])].slice(0, TARGETS_KEPT);
  const durations = knownDurations(planned);
  return {
    ...(target as Target),
    writes: [{ at: restartedAt, well: false }, ...earlierWrites(planned, at.wall)].slice(0, WRITES_KEPT),
    uid: workload.uid,
    generation: workload.generation,
    confirmed: false,
    since: at.now,
    ...(retried !== undefined && { retried }),
    ...(workload.owner && { owner: kindOfOwner(workload.owner) }),
    ...(all.length > 0 && { others: all }),
    ...(durations && { durations }),
  };
}

/**
 * How long the last restarts of a workload took. The journal that was stored has only the newest, so the record on the workload goes on
 * from there, and has all that the journal has forgotten. Anyone who may edit the workload can write the record, so it is used for the
 * estimate of this workload alone.
 */
export function knownDurations({ workload, entry }: Pick<Assessed, 'workload' | 'entry'>): Durations | undefined {
  const told = recordOf(workload)?.durations;
  const own = entry?.durations;
  return own === undefined || told?.[0] === own[0] ? told : own;
}

/** What is needed of a workload that is about to be restarted for one of its sidecars. */
export type ToRestart = Pick<Outdated, 'workload' | 'injection'> &
  Pick<Assessed, 'entry' | 'others'> & { readonly verdict: Pick<Outdated['verdict'], 'expected'> };

function nextTarget(one: ToRestart, restartedAt: number): Target {
  const restartedFor = fingerprint(one.verdict.expected);
  const sameEpisode = isRetryAsked(one) ? [] : knownTargets(one).filter(isOpenFor(restartedFor));
  const attempts = 1 + Math.max(0, ...sameEpisode.map((target) => target.attempts));
  return { restartedFor, restartedAt, attempts, run: one.injection.run };
}

/**
 * Targets of earlier restarts, of its other sidecars, that a restart for this one must not make forgotten: those that did not end well, and
 * the newest of each sidecar, because a configuration is a reason for one restart only. What the policy no longer names is left out.
 */
function stillKnown(planned: ToRestart, targets: readonly ToRestart[]): Target[] {
  const others = new Set((planned.others ?? []).map(({ source }) => source?.name));
  for (const { verdict } of targets) others.delete(sourceIn(fingerprint(verdict.expected)));
  const record = recordOf(planned.workload);
  // what anyone could have written counts for this workload, and as a failure of no run
  const told = record ? targetsOf(record).map((target) => ({ ...target, run: '' })) : [];
  const known = [...told.filter(isTarget), ...(planned.entry ? targetsOf(planned.entry) : [])];
  const ended = known.filter(
    ({ restartedFor, outcome }) => outcome !== undefined && others.has(sourceIn(restartedFor)),
  );
  const newest = new Map<string | undefined, Target>();
  for (const target of ended.toSorted((a, b) => a.restartedAt - b.restartedAt))
    newest.set(sourceIn(target.restartedFor), target);
  const kept = [...ended.filter(({ outcome }) => outcome !== 'verified'), ...newest.values()];
  const each = new Map(kept.map((target) => [target.restartedFor, target]));
  return [...each.values()].map(({ restartedFor, restartedAt, attempts, run, outcome }) => {
    return { restartedFor, restartedAt, attempts, run, ...(outcome && { outcome }) };
  });
}

/**
 * The entry of a restart that has ended. How long it took is kept if it was verified: of an episode that ends later, nobody knows.
 * @param ends how it ended for each of its targets; `outcome` for those that are not in it
 * @param wall when that was, in milliseconds of the wall clock
 */
export function endedEntry(
  entry: JournalEntry,
  outcome: Outcome,
  ends: ReadonlyMap<string, Outcome>,
  wall: number,
): JournalEntry {
  const { before: _over, others = [], ...known } = entry;
  const all = others.map((target) => ({
    ...target,
    outcome: ends.get(target.restartedFor) ?? target.outcome ?? outcome,
  }));
  const own = ends.get(entry.restartedFor) ?? outcome;
  const isTimed = own === 'verified' && !entry.outcome;
  // the store has whole seconds, and a bake must not be shorter for that
  const endedAt = Math.ceil(wall / 1000) * 1000;
  return {
    ...known,
    outcome: own,
    endedAt,
    ...(all.length > 0 && { others: all }),
    ...(isTimed && { durations: withDuration(wall - entry.restartedAt, entry.durations) }),
  };
}

/** How the restart of a record was begun, by what stands on the workload besides; undefined if nothing there says that it was. */
export function howBegun(
  workload: Workload,
  { restartedAt }: RestartRecord,
  policy: KindPolicy,
): Pick<JournalEntry, 'evicts'> | undefined {
  const { begunAt, evicts } = actuatorOf(workload, policy);
  return begunAt(workload) === restartedAt ? { ...(evicts && { evicts }) } : undefined;
}

/** Whether a workload is found by its pods alone, so that one without pods is not gone for certain. */
export const isFoundByPods = (key: WorkloadKey): boolean => findKind(refOf(key).kind)?.foundByPods === true;

/** Everything that the known restarts of a workload were for. */
export const knownTargets = (assessed: Pick<Assessed, 'workload' | 'entry'>): readonly Target[] =>
  knownRestarts(assessed).flatMap(targetsOf);

const isOpenFor =
  (wanted: string) =>
  ({ restartedFor, outcome }: Target): boolean =>
    restartedFor === wanted && outcome !== 'verified';

/**
 * The record must be newer than the workload and than the restart before, even by a clock that runs behind. Of the times that a tenant can
 * write only that of the last restart matters: with the same second the patch would change nothing.
 */
function nextTime({ workload, entry }: Pick<Assessed, 'workload' | 'entry'>, wall: number): number {
  const before = entry && entry.restartedAt <= wall + LONGEST_SKEW ? entry.restartedAt + 1000 : 0;
  const time = cutToSecond(Math.max(wall, workload.createdAt, before));
  return time === lastBegun(workload) ? time + 1000 : time;
}
