import assert from 'node:assert/strict';
import { ANNOTATION, RESTARTED_AT, RETRY } from '../../../src/names.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { isRetryAsked, lastRestart } from '../../../src/plan/knownRestarts.ts';
import { nextEntry } from '../../../src/plan/nextEntry.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import { fingerprint, recordOf, WRITES_KEPT } from '../../../src/plan/record.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { journalled, recorded, restarted, writesAgo } from '../../builders/journal.ts';
import { assessed, expected, HOUR, injection, MINUTE, NOW, workload } from '../../builders/workload.ts';

const STEADY = 5000;
/** The entry of a restart that is decided so much after NOW. */
const next = (one: Assessed, after = 0): JournalEntry =>
  nextEntry(
    { ...one, injection: injection(), verdict: { expected: expected() } },
    { wall: NOW + after, now: STEADY + after },
  );
/** The workload after such a restart has come to its end. */
const after = (entry: JournalEntry, outcome: Outcome): Assessed => journalled({ ...entry, outcome });

test('an entry tells what was decided, of which object, and that nothing is written yet', () => {
  const owner = { apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'Kafka', name: 'events' };
  const one = assessed({ uid: 'u', generation: 4, owner, annotations: { [RETRY]: 'now' } });
  assert.deepEqual(next(one, 999), {
    restartedFor: fingerprint(expected()),
    restartedAt: NOW,
    attempts: 1,
    writes: [{ at: NOW, well: false }],
    run: 'run',
    uid: 'u',
    generation: 4,
    confirmed: false,
    since: STEADY + 999,
    retried: 'now',
    owner: 'Kafka.kafka.strimzi.io',
  });
});

test('attempts count within an episode', () => {
  const second = next(after(next(assessed()), 'failed:timeout'), MINUTE);
  assert.deepEqual([second.attempts, second.writes.length], [2, 2]);
});

test('a new episode counts from one, the day’s writes go on', () => {
  const second = next(after(next(assessed()), 'verified'), MINUTE);
  assert.deepEqual([second.attempts, second.writes.length], [1, 2]);
  const other = journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', attempts: 2 }));
  assert.equal(next(other).attempts, 1, 'another sidecar');
  const asked = journalled(restarted(HOUR, 'failed:timeout', { attempts: 2 }), { annotations: { [RETRY]: '1' } });
  assert.equal(next(asked).attempts, 1, 'a person asks');
});

test('writes are kept with the end that they came to, as many as the daily limits count', () => {
  let entry = next(assessed());
  const ends: Outcome[] = ['verified', 'failed:timeout', 'superseded', 'reverted', 'superseded:expectation'];
  for (let i = 1; i < 20; i++) entry = next(after(entry, ends[i % ends.length] as Outcome), i * MINUTE);
  assert.equal(entry.writes.length, WRITES_KEPT);
  assert.deepEqual(
    entry.writes.slice(0, 6),
    [false, true, false, true, false, true].map((well, i) => ({ at: NOW + (19 - i) * MINUTE, well })),
  );
});

/** A workload that says of itself that it was restarted and how often before. */
const saying = (record: Partial<JournalEntry>, entry?: JournalEntry): Assessed => {
  const annotations = recorded(restarted(2 * HOUR, 'superseded:expectation', record));
  return entry ? journalled(entry, { annotations }) : assessed({ annotations });
};
const at = (ago: number, well = false) => ({ at: NOW - ago, well });

/** Writes that stand on the workload, and those that the next entry has besides its own. */
const told: [string, Assessed, { at: number; well: boolean }[]][] = [
  [
    'of hours ago, which count for its own daily limit',
    saying({ writes: [at(2 * HOUR), at(3 * HOUR)] }),
    [at(2 * HOUR, true), at(3 * HOUR)],
  ],
  ['of a moment ago, which would pace others', saying({ writes: [at(1000), at(MINUTE)] }), []],
  ['that lie ahead, which would pace others for ever', saying({ writes: [at(-HOUR), at(-1000 * 24 * HOUR)] }), []],
  [
    'beside those that the journal knows',
    saying({ writes: [at(2 * HOUR), at(3 * HOUR), at(0)] }, restarted(4 * HOUR, 'verified')),
    [at(2 * HOUR, true), at(3 * HOUR), at(4 * HOUR, true)],
  ],
];
for (const [name, one, writes] of told)
  test(`writes that only stand on the workload: ${name}`, () => assert.deepEqual(next(one).writes.slice(1), writes));

test('attempts that no one can have made are no number that breaks the journal', () => {
  const one = saying({});
  const annotations = { ...one.workload.annotations, [ANNOTATION.attempts]: '9'.repeat(400) };
  assert.ok(Number.isSafeInteger(next({ ...one, workload: { ...one.workload, annotations } }).attempts));
});

test('the kind of an owner, which anyone may make up, takes no more room than a real one', () => {
  const owner = { apiVersion: `${'g'.repeat(300_000)}/v1`, kind: 'K'.repeat(300_000), name: 'x' };
  assert.ok((next(assessed({ owner })).owner ?? '').length <= 320);
});

/** What the clock of the next restart has to be later than, and when that restart is. */
const clocks: [string, Assessed, number, number][] = [
  ['nothing', assessed(), 0, 0],
  ['the workload, by a clock that runs behind', assessed({ createdAt: NOW }), -5 * MINUTE, 0],
  ['a restart of the same second', journalled(restarted(0, 'verified')), 0, 1000],
  ['one by a clock that was set back since', journalled(restarted(0, 'verified')), -30 * MINUTE, 1000],
  [
    'no record that someone wrote ahead',
    assessed({ annotations: recorded(restarted(-50 * MINUTE, 'verified')) }),
    0,
    0,
  ],
  [
    'no template annotation that someone wrote ahead: it would pace others until then',
    assessed({ template: { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW + 50 * MINUTE) }, spec: {} } }),
    0,
    0,
  ],
  [
    'kubectl’s restart of the same second',
    assessed({ template: { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW) }, spec: {} } }),
    0,
    1000,
  ],
  [
    'no time that no clock can have shown',
    assessed({
      annotations: recorded(restarted(-25 * HOUR, 'verified')),
      template: { labels: {}, annotations: { [RESTARTED_AT]: '9998-01-01T00:00:00Z' }, spec: {} },
    }),
    0,
    0,
  ],
];
for (const [name, one, wall, is] of clocks) {
  test(`a restart is later than ${name}`, () => {
    const entry = next(one, wall);
    assert.equal(entry.restartedAt - NOW, is);
    const { createdAt } = one.workload;
    assert.ok(recordOf(workload({ createdAt, annotations: recorded(entry) })), 'and not taken for a copied one');
  });
}

const record = (ago: number, outcome: Outcome): { annotations: Record<string, string> } => ({
  annotations: { ...recorded(restarted(ago, outcome)) },
});
const lasts: [string, Assessed, string | undefined][] = [
  ['nobody knows of any', assessed(), undefined],
  ['the journal’s', journalled(restarted(HOUR, 'reverted')), 'reverted'],
  ['the workload’s, where the journal knows nothing', assessed(record(HOUR, 'reverted')), 'reverted'],
  [
    'the journal’s, where both tell of it',
    journalled(restarted(HOUR, 'reverted'), record(HOUR, 'verified')),
    'reverted',
  ],
  [
    'the journal’s, where it is later',
    journalled(restarted(HOUR, 'reverted'), record(2 * HOUR, 'verified')),
    'reverted',
  ],
  [
    'the workload’s, where it is later, as after the journal was lost',
    journalled(restarted(2 * HOUR, 'verified'), record(HOUR, 'reverted')),
    'reverted',
  ],
];
for (const [name, one, outcome] of lasts)
  test(`the last restart: ${name}`, () => assert.equal(lastRestart(one)?.outcome, outcome));

const LETTER = 'Please restart this once more. '.repeat(1000);
const retries: [string, Assessed, boolean][] = [
  ['nobody', assessed(), false],
  ['a person, for the first time', assessed({ annotations: { [RETRY]: '1' } }), true],
  ['with an empty word', assessed({ annotations: { [RETRY]: '' } }), true],
  [
    'one who was answered',
    journalled(restarted(HOUR, 'reverted', { retried: '1' }), { annotations: { [RETRY]: '1' } }),
    false,
  ],
  [
    'one who was answered, as only the workload tells',
    assessed({ annotations: { ...recorded(restarted(HOUR, 'reverted', { retried: '1' })), [RETRY]: '1' } }),
    false,
  ],
  [
    'with another word',
    journalled(restarted(HOUR, 'reverted', { retried: '1' }), { annotations: { [RETRY]: '2' } }),
    true,
  ],
  ['one whose word is gone by now', journalled(restarted(HOUR, 'reverted', { retried: '1' })), false],
];
for (const [name, one, asked] of retries)
  test(`one more restart is requested: ${name}`, () => assert.equal(isRetryAsked(one), asked));

test('a person may write a whole letter, which is kept as a word and answered once', () => {
  const entry = next(assessed({ annotations: { [RETRY]: LETTER } }));
  assert.match(entry.retried ?? '', /^[0-9a-f]{16}$/);
  assert.equal(
    isRetryAsked(journalled({ ...entry, outcome: 'reverted' }, { annotations: { [RETRY]: LETTER } })),
    false,
  );
  assert.equal(
    isRetryAsked(journalled({ ...entry, outcome: 'reverted' }, { annotations: { [RETRY]: `${LETTER}!` } })),
    true,
  );
});

test('a record that forgets earlier writes or attempts makes the journal forget nothing', () => {
  const known = restarted(2 * HOUR, 'failed:timeout', { attempts: 2, writes: writesAgo([2, 3]) });
  const forged = recorded(restarted(HOUR, 'failed:timeout', { attempts: 1, writes: writesAgo([1]) }));
  const entry = next(journalled(known, { annotations: forged }));
  assert.deepEqual([entry.attempts, entry.writes.map(({ at }) => (NOW - at) / HOUR)], [3, [0, 1, 2, 3]]);
});

test('writes that lie ahead, or a moment ago, are taken from no workload', () => {
  const writes = [
    { at: NOW - HOUR, well: false },
    ...[-HOUR, -1000, 0, 1000].map((ago) => ({ at: NOW - ago, well: true })),
  ];
  const entry = next(assessed({ annotations: recorded(restarted(HOUR, 'verified', { writes })) }));
  assert.deepEqual(entry.writes, [
    { at: NOW, well: false },
    { at: NOW - HOUR, well: true },
  ]);
});
