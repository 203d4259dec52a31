import { cutToSecond } from '../rfc3339.ts';
import type { Assessed, Outdated } from './assessed.ts';
import type { JournalEntry } from './journalEntry.ts';
import { kindOfOwner } from './kindOfOwner.ts';
import { answeredRetry, isRetryAsked, knownDurations, knownTargets } from './knownRestarts.ts';
import {
  fingerprint,
  isTarget,
  recordOf,
  sourceIn,
  TARGETS_KEPT,
  type Target,
  targetsOf,
  WRITES_KEPT,
  type Write,
  writesOf,
} from './record.ts';
import { lastBegun } from './rollout.ts';

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
