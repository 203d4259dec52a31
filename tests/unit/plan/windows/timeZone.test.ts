import assert from 'node:assert/strict';
import { isTimeZone, momentsOf, momentWords, usualTimeZones } from '../../../../src/plan/windows/timeZone.ts';

const names: [name: string, isZone: boolean, text: string][] = [
  ['a zone', true, 'Europe/Athens'],
  ['UTC', true, 'UTC'],
  ['a name that is not the newest one', true, 'Asia/Calcutta'],
  ['the newest one', true, 'Asia/Kolkata'],
  ['a fixed zone', true, 'Etc/GMT-2'],
  ['another spelling', false, 'europe/athens'],
  ['capitals only', false, 'EUROPE/ATHENS'],
  ['an offset', false, '+02:00'],
  ['an abbreviation that is several zones', false, 'PST'],
  ['a time', false, '2026-01-01T00:00Z'],
  ['nothing', false, ''],
  ['a long text', false, 'A'.repeat(100_000)],
  ['another planet', false, 'Mars/Olympus'],
];
for (const [name, isZone, text] of names)
  test(`${name} is ${isZone ? 'a' : 'no'} time zone`, () => assert.equal(isTimeZone(text), isZone));

test('every zone that is suggested is one', () => {
  const all = usualTimeZones();
  assert.ok(all.length > 400);
  assert.deepEqual(
    all.filter((name) => !isTimeZone(name)),
    [],
  );
});

const moments: [name: string, text: string, zone: string, first: string, last: string][] = [
  ['most times come once', '2026-12-20T00:00', 'Europe/Athens', '2026-12-19T22:00Z', '2026-12-19T22:00Z'],
  ['some come twice', '2026-10-25T03:30', 'Europe/Athens', '2026-10-25T00:30Z', '2026-10-25T01:30Z'],
  ['some do not come', '2026-03-29T03:30', 'Europe/Athens', '2026-03-29T01:00Z', '2026-03-29T01:00Z'],
  ['… nor their first minute', '2026-03-29T03:00', 'Europe/Athens', '2026-03-29T01:00Z', '2026-03-29T01:00Z'],
  [
    '… where half an hour is skipped',
    '2026-10-04T02:10',
    'Australia/Lord_Howe',
    '2026-10-03T15:30Z',
    '2026-10-03T15:30Z',
  ],
  ['a leap day', '2028-02-29T12:00', 'UTC', '2028-02-29T12:00Z', '2028-02-29T12:00Z'],
];
for (const [name, text, zone, first, last] of moments)
  test(`${name}: ${text} ${zone}`, () =>
    assert.deepEqual(momentsOf(text, zone), { first: Date.parse(first), last: Date.parse(last) }));

test('a day that the calendar does not have is refused', () =>
  assert.throws(() => momentsOf('2026-02-29T12:00', 'UTC'), RangeError));

const words: [at: string, zone: string, words: string][] = [
  ['2026-12-04T20:00Z', 'Europe/Athens', 'Fri 2026-12-04 22:00 Europe/Athens'],
  ['2026-12-04T22:30Z', 'Europe/Athens', 'Sat 2026-12-05 00:30 Europe/Athens'],
  ['1969-12-31T23:00Z', 'UTC', 'Wed 1969-12-31 23:00 UTC'],
];
for (const [at, zone, expected] of words)
  test(`${at} is ${expected}`, () => assert.equal(momentWords(Date.parse(at), zone), expected));
