import { actuatorOf } from '../kinds/actuatorOf.ts';
import type { KindPolicy } from '../kinds/kindPolicy.ts';
import { findKind } from '../kinds/kinds.ts';
import { keyOf, refOf, type Workload, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { withDuration } from './durations.ts';
import type { Outcome } from './outcomes.ts';
import type { RestartRecord } from './record.ts';

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
export const isInFlight = ({ entry }: { readonly entry?: JournalEntry | undefined }): boolean =>
  entry !== undefined && !entry.outcome;

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
