import assert from 'node:assert/strict';
import { restartsOnWorkloads } from '../../../src/journal/journalFromWorkloads.ts';
import { journalText, readJournal } from '../../../src/journal/journalText.ts';
import { keyOf, type Workload } from '../../../src/model.ts';
import { ANNOTATION, RESTARTED_AT } from '../../../src/names.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { reason } from '../../../src/reasons.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { POLICY } from '../../builders/policy.ts';
import { assessed, HOUR, injection, MINUTE, NOW } from '../../builders/workload.ts';

const LIMITS = { ...POLICY, maxInFlight: 3, maxInFlightPerNamespace: 9 };
const STEADY = 7_000_000;

/** A workload on which a restart stands, in its record and in its template. */
function standing(entry: JournalEntry, given: Partial<Workload> = {}): Assessed {
  const template = { labels: {}, annotations: { [RESTARTED_AT]: timestamp(entry.restartedAt) }, spec: {} };
  return assessed({ annotations: recorded(entry), template, ...given });
}

const found = (...all: Assessed[]) => restartsOnWorkloads(all, LIMITS, { now: STEADY, wall: NOW });

const outside: Assessed = {
  ...standing(restarted(MINUTE)),
  match: { kind: 'none', reason: reason('not-injected', 'no entry matches') },
};
const rows: [what: string, one: Assessed, taken: boolean][] = [
  ['a restart without end is taken up', standing(restarted(MINUTE)), true],
  ['one that has ended is not', standing(restarted(MINUTE, 'failed:timeout')), false],
  ['nor one of a workload that no injector matches', outside, false],
  ['nor one that lies ahead', standing(restarted(-MINUTE)), false],
  ['nor one beyond the time limit', standing(restarted(HOUR)), false],
  ['nor one of a workload that goes', standing(restarted(MINUTE), { deleting: true }), false],
  ['nor a record whose restart is not in the template', assessed({ annotations: recorded(restarted(MINUTE)) }), false],
  [
    'nor one that another restart has followed',
    {
      ...standing(restarted(2 * MINUTE)),
      workload: { ...standing(restarted(MINUTE)).workload, annotations: recorded(restarted(2 * MINUTE)) },
    },
    false,
  ],
  ['nor one older than its workload', standing(restarted(2 * MINUTE), { createdAt: NOW - MINUTE }), false],
  ['no restart is none', assessed(), false],
];
for (const [what, one, taken] of rows)
  test(`after the journal was lost: ${what}`, () => assert.equal(found(one).has(keyOf(one.workload)), taken));

test('what is taken up counts from the time that it tells, by the steady clock, and as written', () => {
  const owner = { apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'Kafka', name: 'events' };
  const entry = found(standing(restarted(MINUTE), { uid: 'u', generation: 5, owner })).get('Deployment/shop/web');
  assert.deepEqual(
    [entry?.since, entry?.uid, entry?.generation, entry?.confirmed, entry?.owner],
    [STEADY - MINUTE, 'u', 5, true, 'Kafka.kafka.strimzi.io'],
  );
});

test('no more are taken up than there are slots, the youngest first', () => {
  const all = Array.from({ length: 8 }, (_, i) => standing(restarted(i * 1000), { name: `w${i}` }));
  assert.deepEqual([...found(...all).keys()].sort(), [
    'Deployment/shop/w0',
    'Deployment/shop/w1',
    'Deployment/shop/w2',
  ]);
});

/** What anyone may add to a record by hand. */
const additions: [string, Record<string, string>][] = [
  ['another run', { [ANNOTATION.run]: 'of others' }],
  ['no run', { [ANNOTATION.run]: '' }],
  ['no writes', { [ANNOTATION.writes]: '' }],
  ['no attempts', { [ANNOTATION.attempts]: '' }],
  ['negative attempts', { [ANNOTATION.attempts]: '-7' }],
  ['attempts without end', { [ANNOTATION.attempts]: '9'.repeat(1000) }],
  ['a long word', { [ANNOTATION.retried]: 'x'.repeat(1000) }],
  ['writes that lie ahead', { [ANNOTATION.writes]: '9998-01-01T00:00:00Z,9998-01-01T00:00:00Z ok' }],
];
for (const [what, annotations] of additions)
  test(`a record with ${what} makes a journal that can be read, and that tells of one write`, async () => {
    const one = standing(restarted(MINUTE));
    const forged = {
      ...one,
      workload: { ...one.workload, annotations: { ...one.workload.annotations, ...annotations } },
    };
    const entries = found(forged);
    const read = readJournal(await journalText(entries));
    assert.ok('entries' in read, 'unreadable' in read ? read.unreadable : '');
    const { since: _since, ...kept } = entries.get('Deployment/shop/web') as JournalEntry;
    assert.deepEqual(read.entries.get('Deployment/shop/web'), kept);
    assert.equal(kept.run, injection().run, 'of the injector that matches it, whatever is written there');
    assert.deepEqual(kept.writes, [{ at: NOW - MINUTE, well: false }]);
  });

test('nor more of one namespace than it may have', () => {
  const all = ['a', 'b'].map((name, i) => standing(restarted(i * 1000), { name }));
  const limits = { ...LIMITS, maxInFlightPerNamespace: 1 };
  assert.deepEqual([...restartsOnWorkloads(all, limits, { now: STEADY, wall: NOW }).keys()], ['Deployment/shop/a']);
});
