import assert from 'node:assert/strict';
import { journalText, readJournal } from '../../../src/journal/journalText.ts';
import { ANNOTATION } from '../../../src/names.ts';
import { durationsFrom, withDuration } from '../../../src/plan/durations.ts';
import { endedEntry } from '../../../src/plan/journalEntry.ts';
import { knownDurations } from '../../../src/plan/knownRestarts.ts';
import { nextEntry } from '../../../src/plan/nextEntry.ts';
import { recordOf } from '../../../src/plan/record.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { assessed, expected, HOUR, injection, MINUTE, NOW, workload } from '../../builders/workload.ts';

const SECOND = 1000;
const DAY = 24 * HOUR;

const READ: readonly [name: string, text: string, read: readonly number[] | undefined][] = [
  ['three durations', '42,40,61', [42_000, 40_000, 61_000]],
  ['no more than three', '1,2,3,4,5', [1000, 2000, 3000]],
  ['none', '', undefined],
  ['no number', 'soon', undefined],
  ['a number with a sign, a fraction or an exponent', '-5,1.5,1e3', undefined],
  ['nothing and more than a day', '0,86401,86400', [DAY]],
  ['more digits than any duration has', '9'.repeat(500), undefined],
];
for (const [name, text, read] of READ)
  test(`what stands on a workload as durations is read within bounds: ${name}`, () => {
    const annotations = { ...recorded(restarted(HOUR, 'verified')), [ANNOTATION.durations]: text };
    assert.deepEqual(recordOf(workload({ annotations }))?.durations, read);
  });

test('a duration is kept with two digits, and the last three are', () => {
  const durations = [41_400, 123_400, 500, 9_999_999_999].reduce(
    (kept: readonly number[] | undefined, one) => withDuration(one, kept),
    undefined,
  );
  assert.deepEqual(durations, [86_000_000, SECOND, 120_000]);
});

const begun = { ...restarted(90 * SECOND), durations: [30_000] };

test('a restart that is verified adds how long it took', () =>
  assert.deepEqual(endedEntry(begun, 'verified', new Map(), NOW).durations, [90_000, 30_000]));

for (const outcome of ['failed:timeout', 'superseded', 'reverted', 'interrupted'] as const)
  test(`a restart that ends as ${outcome} adds nothing`, () =>
    assert.deepEqual(endedEntry(begun, outcome, new Map(), NOW).durations, [30_000]));

test('an episode that ends later adds nothing, because nobody knows how long it took', () =>
  assert.deepEqual(
    endedEntry({ ...begun, outcome: 'failed:timeout' }, 'verified', new Map(), NOW).durations,
    [30_000],
  ));

test('the next restart keeps them, from the record where the journal has forgotten the workload', () => {
  const annotations = recorded(restarted(DAY, 'verified', { durations: [50_000, 40_000] }));
  const one = { ...assessed({ annotations }), verdict: { expected: expected() }, injection: injection() };
  assert.deepEqual(nextEntry(one, { wall: NOW, now: NOW }).durations, [50_000, 40_000]);
});

test('the journal stores the last one, and the record goes on from there', () => {
  const entry = restarted(HOUR, 'verified', { durations: [50_000, 40_000, 60_000] });
  const read = readJournal(journalText(new Map([['Deployment/shop/web', entry]])) as string);
  assert.ok('entries' in read);
  const stored = read.entries.get('Deployment/shop/web');
  assert.deepEqual(stored?.durations, [50_000]);
  const kept = { ...entry, durations: stored?.durations ?? [] };
  assert.deepEqual(
    knownDurations({ workload: workload({ annotations: recorded(entry) }), entry: kept }),
    [50_000, 40_000, 60_000],
  );
});

test('the journal is believed rather than the record', () => {
  const annotations = recorded(restarted(HOUR, 'verified', { durations: [DAY] }));
  const entry = restarted(HOUR, 'verified', { durations: [MINUTE] });
  assert.deepEqual(knownDurations({ workload: workload({ annotations }), entry }), [MINUTE]);
});

test('a journal of before has none', () => assert.equal(durationsFrom(undefined), undefined));
