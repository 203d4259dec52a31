import type { Verdict } from '../../src/compare/verdict.ts';
import { keyOf, type Labels, type Workload } from '../../src/model.ts';
import type { Assessed } from '../../src/plan/assessed.ts';
import type { JournalEntries, JournalEntry } from '../../src/plan/journalEntry.ts';
import { kindOfOwner } from '../../src/plan/kindOfOwner.ts';
import type { Outcome } from '../../src/plan/outcomes.ts';
import { fingerprint, outcomePatch, type RestartRecord, type Write } from '../../src/plan/record.ts';
import { assessed, expected, HOUR, NOW } from './workload.ts';

/** A journal that knows of nothing. */
export const NOTHING_JOURNALLED = { of: () => undefined, learnt: () => [] };

/**
 * The journal's entry of a restart that was begun so long ago, by both clocks, for the sidecar that is expected now unless said otherwise.
 * Without outcome it is in flight.
 */
export const restarted = (ago: number, outcome?: Outcome, given: Partial<JournalEntry> = {}): JournalEntry => ({
  restartedFor: fingerprint(expected()),
  restartedAt: NOW - ago,
  attempts: 1,
  writes: [{ at: NOW - ago, well: false }],
  run: 'run',
  uid: 'uid',
  generation: 1,
  confirmed: true,
  since: NOW - ago,
  ...(outcome && { outcome }),
  ...given,
});

/** Writes so many hours ago. */
export const writesAgo = (hours: readonly number[], well = false): Write[] =>
  hours.map((hour) => ({ at: NOW - hour * HOUR, well }));

/** A assessed workload, outdated unless said otherwise, of which the journal has this entry. */
export function journalled(entry: JournalEntry, given: Partial<Workload> = {}, verdict?: Verdict): Assessed {
  const one = assessed(given, verdict);
  const { uid, owner } = one.workload;
  return { ...one, entry: { ...entry, uid, ...(owner && { owner: kindOfOwner(owner) }) } };
}

/** The journal in which the entries of these workloads stand. */
export const journalOf = (all: readonly Assessed[]): JournalEntries =>
  new Map(all.flatMap(({ workload, entry }) => (entry ? [[keyOf(workload), entry]] : [])));

/** What stands on a workload of such a restart; whoever may edit the workload may have written it. */
export const recorded = (record: RestartRecord): Labels =>
  (outcomePatch('1', record) as { readonly metadata: { readonly annotations: Labels } }).metadata.annotations;
