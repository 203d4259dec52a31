import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalText, readJournal } from '../../../src/journal/journalText.ts';
import { restartsOnWorkloads } from '../../../src/journal/rebuilt.ts';
import type { Labels, Workload } from '../../../src/model.ts';
import { ANNOTATION, RESTARTED_AT } from '../../../src/names.ts';
import type { Judged } from '../../../src/plan/judged.ts';
import { timestamp } from '../../../src/plan/record.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { HOUR, injection, judged, MINUTE, NOW } from '../../builders/workload.ts';

const LIMITS = { maxInFlight: 5, maxInFlightPerNamespace: 1, restartTimeout: 10 * MINUTE };
const INJECTION = injection();

/** A workload that says of itself that it is being restarted since so long ago. */
function saying(ago: number, given: Partial<Workload> = {}, said: Labels = {}): Judged {
  const annotations = { ...recorded(restarted(ago)), ...said };
  const template = { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - ago) }, spec: {} };
  return { ...judged({ annotations, template, ...given }), injection: INJECTION };
}

const rebuilt = (...judgedOnes: Judged[]) => restartsOnWorkloads(judgedOnes, LIMITS, { now: 7_000_000, wall: NOW });
const namesOf = (...judgedOnes: Judged[]) => [...rebuilt(...judgedOnes).keys()].map((key) => key.split('/')[2]);

const rows: [string, readonly Judged[], readonly string[]][] = [
  ['a restart in flight', [saying(MINUTE)], ['web']],
  ['none that has ended', [saying(MINUTE, {}, { [ANNOTATION.outcome]: 'verified' })], []],
  ['none that lies ahead', [saying(-MINUTE)], []],
  ['none beyond its time limit', [saying(HOUR)], []],
  ['no more of a namespace than it may have', [saying(2000, { name: 'a' }), saying(1000, { name: 'b' })], ['b']],
  [
    'no more than there are slots',
    [1, 2, 3, 4, 5, 6, 7].map((i) => saying(i * 1000, { namespace: `n${i}`, name: `w${i}` })),
    ['w1', 'w2', 'w3', 'w4', 'w5'],
  ],
];
for (const [name, found, names] of rows)
  test(`of a lost journal is made anew: ${name}`, () => assert.deepEqual(namesOf(...found), names));

const forged: [string, Labels][] = [
  ['no run', { [ANNOTATION.run]: '' }],
  ['the run of another injector', { [ANNOTATION.run]: 'theirs' }],
  ['more attempts than a number can hold', { [ANNOTATION.attempts]: '9'.repeat(400) }],
  ['writes that lie ahead', { [ANNOTATION.writes]: Array(13).fill('9998-01-01T00:00:00Z').join() }],
  ['writes of this minute', { [ANNOTATION.writes]: Array(13).fill(timestamp(NOW)).join() }],
];
for (const [name, said] of forged) {
  test(`what a workload says does not spoil the journal for others: ${name}`, async () => {
    const [entry] = [...rebuilt(saying(MINUTE, {}, said)).values()];
    assert.ok(entry);
    assert.equal(entry.run, INJECTION.run);
    assert.deepEqual(entry.writes, [{ at: NOW - MINUTE, well: false }]);
    const read = readJournal(await journalText(new Map([['Deployment/shop/web', entry]])));
    assert.ok('entries' in read, JSON.stringify(read));
    assert.ok(Number.isSafeInteger(read.entries.get('Deployment/shop/web')?.attempts));
  });
}
