import { keyOf, refOf, type WorkloadKey } from '../model.ts';
import type { Answered, SourceAnswer } from '../plan/assess.ts';
import { howBegun, type JournalEntries, type JournalEntry } from '../plan/journalEntry.ts';
import { kindOfOwner } from '../plan/kindOfOwner.ts';
import type { Policy } from '../plan/policy.ts';
import { recordOf, sourceIn } from '../plan/record.ts';

type Limits = Pick<Policy, 'maxInFlight' | 'maxInFlightPerNamespace' | 'restartTimeout' | 'onDelete'>;

/**
 * The restarts in flight according to the records on the workloads, for when the journal itself is lost. Anyone can write such a record, so
 * they are bounded: only workloads that an injector matches, no time in the future, none beyond the time limit, and no more than there are
 * slots, in total and per namespace. Failures are not restored, because a forged one would halt others. Names of other runs and earlier
 * writes are not restored either, for the same reason. Only the facts of this one restart are taken from the record.
 * @param at the steady and the wall clock, in milliseconds
 */
export function restartsOnWorkloads(
  observations: readonly Pick<Answered, 'workload' | 'source' | 'match' | 'others'>[],
  { maxInFlight, maxInFlightPerNamespace, restartTimeout, onDelete }: Limits,
  at: { readonly now: number; readonly wall: number },
): JournalEntries {
  const found = observations.flatMap((observation): [WorkloadKey, JournalEntry][] => {
    const { workload } = observation;
    const record = recordOf(workload);
    if (!record || record.outcome || workload.deleting) return [];
    const match = matchFor(record.restartedFor, observation);
    if (match?.kind !== 'entry') return [];
    const age = at.wall - record.restartedAt;
    const begun = howBegun(workload, record, { onDelete });
    if (age < 0 || age > restartTimeout || !begun) return [];
    const { uid, generation, owner } = workload;
    const writes = [{ at: record.restartedAt, well: false }];
    const trusted = { run: match.entry.run, writes, uid, generation, confirmed: true, since: at.now - age };
    const others = record.others && { others: record.others.map((target) => ({ ...target, run: '' })) };
    return [
      [keyOf(workload), { ...record, ...trusted, ...begun, ...others, ...(owner && { owner: kindOfOwner(owner) }) }],
    ];
  });
  const newest = found.sort(([, a], [, b]) => b.restartedAt - a.restartedAt);
  const inNamespaces = Map.groupBy(newest, ([key]) => refOf(key).namespace);
  const fair = new Set([...inNamespaces.values()].flatMap((some) => some.slice(0, maxInFlightPerNamespace)));
  return new Map(newest.filter((one) => fair.has(one)).slice(0, maxInFlight));
}

/** The match of the source that a restart was for. */
const matchFor = (
  restartedFor: string,
  observation: Pick<Answered, 'source' | 'match' | 'others'>,
): SourceAnswer['match'] | undefined =>
  [observation, ...(observation.others ?? [])].find(({ source }) => source?.name === sourceIn(restartedFor))?.match;
