import assert from 'node:assert/strict';
import type { WorkloadKey } from '../../../src/model.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { KeptJournal } from '../../../src/plan/keptJournal.ts';
import { restarted } from '../../builders/journal.ts';

/** A journal in which so many of the first restarts have ended. */
const journal = (ended: number): Map<WorkloadKey, JournalEntry> =>
  new Map(
    Array.from({ length: 200 }, (_, index) => [
      `Deployment/shop/web-${index}`,
      restarted(1000, index < ended ? 'verified' : undefined),
    ]),
  );

function takenWhole(kept: KeptJournal, entries: ReadonlyMap<WorkloadKey, JournalEntry>): KeptJournal {
  const taking = kept.take(entries);
  while (!taking.next().done);
  return kept;
}

test('after a look that came to no end, the next one sees everything that has changed', () => {
  const kept = takenWhole(new KeptJournal(), journal(0));
  const last = journal(150);
  kept.take(last).next();
  assert.deepEqual(takenWhole(kept, last).open(), takenWhole(new KeptJournal(), last).open());
  assert.ok(kept.open().length < 100);
});
