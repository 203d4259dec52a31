import { keyOf, type WorkloadKey } from '../model.ts';
import { RESTARTED_AT } from '../names.ts';
import { ownerKind } from '../plan/history.ts';
import type { JournalEntries, JournalEntry } from '../plan/journalEntry.ts';
import type { Judged } from '../plan/judged.ts';
import type { Policy } from '../plan/policy.ts';
import { parseTime, recordOf } from '../plan/record.ts';

/**
 * The restarts in flight by the records on their workloads, for when the journal is lost. Anyone who may edit a workload can write a record, so
 * these are bounded: only workloads that an injector matches, no time in the future, none beyond the time limit, and no more than there are
 * slots. Failures are not taken up: a tenant could halt others with them.
 * @param at the steady and the wall clock, in milliseconds
 */
export function restartsOnWorkloads(
  judged: readonly Judged[],
  { maxInFlight, restartTimeout }: Pick<Policy, 'maxInFlight' | 'restartTimeout'>,
  at: { readonly now: number; readonly wall: number },
): JournalEntries {
  const found = judged.flatMap((one): [WorkloadKey, JournalEntry][] => {
    const record = recordOf(one.workload);
    if (!one.injection || !record || record.outcome || one.workload.deleting) return [];
    const { workload } = one;
    const age = at.wall - record.restartedAt;
    const isThere = parseTime(workload.template.annotations[RESTARTED_AT]) === record.restartedAt;
    if (age < 0 || age > restartTimeout || !isThere) return [];
    const { uid, generation, owner } = workload;
    const kind = owner && { owner: ownerKind(owner) };
    return [[keyOf(workload), { ...record, uid, generation, confirmed: true, since: at.now - age, ...kind }]];
  });
  return new Map(found.sort(([, a], [, b]) => b.restartedAt - a.restartedAt).slice(0, maxInFlight));
}
