import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Labels, Workload, WorkloadKey } from '../model.ts';
import { RESTARTED_AT, RETRY } from '../names.ts';
import { ownerKind } from './history.ts';
import type { Judged } from './judged.ts';
import {
  fingerprint,
  parseTime,
  type RestartRecord,
  recordOf,
  retryWord,
  WRITES_KEPT,
  type Write,
  writesOf,
} from './record.ts';

/** What the journal knows of a workload's last restart. Only Meltemi writes it, so it is what counts for the cluster. */
export interface JournalEntry extends RestartRecord {
  /** Of the workload that was restarted: another one of the same name is another workload. */
  readonly uid: string;
  /** The workload's generation when the restart was decided: as long as it stands, nothing was written. */
  readonly generation: number;
  /** The write is known to have been done. */
  readonly confirmed: boolean;
  /** What was known of the restart before, as long as this one may turn out never to have been written. */
  readonly before?: JournalEntry;
  /** Kind of the workload's owner with its API group; absent where nothing owns it. */
  readonly owner?: string;
  /** When it began, by this process's steady clock in milliseconds; not stored. */
  readonly since: number;
}

/**
 * Milliseconds within which a restart that is journalled is written, or not at all. The time that is recorded is that of the decision, cut to
 * the second, so a restart may be this much younger than its record says.
 */
export const WRITTEN_WITHIN = 30_000;
/** What is lost where a time is cut to the second. */
export const CUT = 999;

export type JournalEntries = ReadonlyMap<WorkloadKey, JournalEntry>;

/** Whether a restart of this workload is still to end. */
export const isInFlight = ({ entry }: Pick<Judged, 'entry'>): boolean => entry !== undefined && !entry.outcome;

/**
 * The last restart of a workload: the journal's, or what stands on the workload where the journal has none, as after it was lost. A record on
 * the workload that has no end says of itself only that its end is not known.
 */
export function lastRestart({ workload, entry }: Pick<Judged, 'workload' | 'entry'>): RestartRecord | undefined {
  return entry ?? recordOf(workload);
}

/**
 * What may speak against one more restart: the journal's last one, and a record on the workload that claims to be of a later one. Anyone may
 * have written that record, so it never takes the place of what the journal knows.
 */
export function restartsToHeed({ workload, entry }: Pick<Judged, 'workload' | 'entry'>): RestartRecord[] {
  const record = recordOf(workload);
  const isNews = record !== undefined && (!entry || record.restartedAt > entry.restartedAt);
  return [...(entry ? [entry] : []), ...(isNews ? [record] : [])];
}

/** Whether a person asks for one more restart than this one: a `meltemi.dev/retry` that it has not answered. */
export function isRetryAsked({ annotations }: Pick<Workload, 'annotations'>, last: RestartRecord | undefined): boolean {
  const asked = answeredRetry(annotations);
  return asked !== undefined && asked !== last?.retried;
}

/** The `meltemi.dev/retry` that a restart of the workload answers, as the record keeps it; undefined where there is none. */
export function answeredRetry(annotations: Labels): string | undefined {
  const asked = annotations[RETRY];
  return asked === undefined ? undefined : retryWord(asked);
}

/** As far as clocks may lie apart. A time that lies further ahead was not written by a clock. */
export const LONGEST_SKEW = 60 * 60_000;

/**
 * The journal's entry for the restart that is about to be written. Drift that comes back after a verified restart is a new episode and
 * counts from one again.
 * @param at when that is: by the wall clock, which is written and cut to the second because kubectl writes RFC 3339 so, and by the steady
 * clock of this process; both in milliseconds
 */
export function nextEntry(
  judged: Pick<Judged, 'workload' | 'entry'>,
  expected: ExpectedSidecar,
  run: string,
  at: { readonly wall: number; readonly now: number },
): JournalEntry {
  const { workload } = judged;
  const previous = lastRestart(judged);
  const restartedFor = fingerprint(expected);
  const retried = answeredRetry(workload.annotations);
  const again = previous?.restartedFor === restartedFor && previous.outcome !== 'verified';
  const sameEpisode = again && !isRetryAsked(workload, previous);
  const restartedAt = nextTime(judged, at.wall);
  // times that stand on the workload would pace everybody: only the journal's own go on in it
  const earlier: readonly Write[] = judged.entry ? writesOf(judged.entry) : [];
  return {
    restartedFor,
    restartedAt,
    attempts: sameEpisode ? previous.attempts + 1 : 1,
    writes: [{ at: restartedAt, well: false }, ...earlier].slice(0, WRITES_KEPT),
    run,
    uid: workload.uid,
    generation: workload.generation,
    confirmed: false,
    since: at.now,
    ...(retried !== undefined && { retried }),
    ...(workload.owner && { owner: ownerKind(workload.owner) }),
  };
}

/**
 * A clock that runs behind must not make the record older than the workload, nor no newer than what stands there: a template annotation of
 * the same second would make the patch change nothing.
 */
function nextTime({ workload, entry }: Pick<Judged, 'workload' | 'entry'>, wall: number): number {
  const written = [
    entry?.restartedAt,
    recordOf(workload)?.restartedAt,
    parseTime(workload.template.annotations[RESTARTED_AT]),
  ];
  const credible = written.flatMap((time) => (time !== undefined && time <= wall + LONGEST_SKEW ? time + 1000 : []));
  return Math.floor(Math.max(wall, workload.createdAt, ...credible) / 1000) * 1000;
}
