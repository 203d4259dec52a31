import assert from 'node:assert/strict';
import { readWindows } from '../../../../src/plan/windows/windowAnnotation.ts';
import { isOpenAt, type WindowTimes, windowStateAt } from '../../../../src/plan/windows/windowTimes.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function windowIn(text: string): WindowTimes {
  const reading = readWindows(text);
  const [window] = 'windows' in reading ? reading.windows : [];
  assert.ok(window, 'problem' in reading ? reading.problem : text);
  return window;
}

/** A moment without seconds: `2026-03-28T20:00Z`. */
const utc = (at: number): string => (at === Infinity ? 'for ever' : `${new Date(at).toISOString().slice(0, 16)}Z`);

/** The next times at which a window is open. */
function openings(window: WindowTimes, from: string, count: number): string[] {
  let at = Date.parse(from);
  const found: string[] = [];
  while (found.length < count && at < Infinity) {
    const { isOpen, until } = windowStateAt(window, at);
    if (isOpen) found.push(`${utc(at)} ${utc(until)}`);
    at = until;
  }
  return found;
}

const rows: [name: string, window: string, from: string, ...spans: string[]][] = [
  ['a window in the day', 'daily 10:00-11:30 UTC', '2026-01-01T00:00Z', '2026-01-01T10:00Z 2026-01-01T11:30Z'],
  [
    'a window over midnight opens on its days, and closes on the next',
    'Thu 22:00-05:00 UTC',
    '2026-01-01T00:00Z',
    '2026-01-01T22:00Z 2026-01-02T05:00Z',
    '2026-01-08T22:00Z 2026-01-09T05:00Z',
  ],
  [
    'one that is open already is open until its end',
    'Thu 22:00-05:00 UTC',
    '2026-01-02T03:00Z',
    '2026-01-02T03:00Z 2026-01-02T05:00Z',
  ],
  [
    'whole days in a row are one',
    'Sat,Sun 00:00-24:00 UTC',
    '2026-01-01T00:00Z',
    '2026-01-03T00:00Z 2026-01-05T00:00Z',
  ],
  ['a range goes over Sunday', 'Fri-Mon 00:00-24:00 UTC', '2026-01-01T00:00Z', '2026-01-02T00:00Z 2026-01-06T00:00Z'],
  ['every day and every hour', 'daily 00:00-24:00 Europe/Athens', '2026-01-01T00:00Z', '2026-01-01T00:00Z for ever'],
  [
    'over midnight into and out of a leap day',
    'daily 23:30-00:30 UTC',
    '2028-02-28T12:00Z',
    '2028-02-28T23:30Z 2028-02-29T00:30Z',
    '2028-02-29T23:30Z 2028-03-01T00:30Z',
  ],
  ['a leap day is a day', 'Tue 00:00-24:00 UTC', '2028-02-26T00:00Z', '2028-02-29T00:00Z 2028-03-01T00:00Z'],

  // Athens, 2026-03-29: 03:00 becomes 04:00; 2026-10-25: 04:00 becomes 03:00
  [
    'Athens in spring: a night is an hour shorter',
    'daily 22:00-05:00 Europe/Athens',
    '2026-03-28T12:00Z',
    '2026-03-28T20:00Z 2026-03-29T02:00Z',
  ],
  [
    '… a window in the skipped hour does not open',
    'daily 03:15-03:45 Europe/Athens',
    '2026-03-28T12:00Z',
    '2026-03-30T00:15Z 2026-03-30T00:45Z',
  ],
  [
    '… one that begins in it opens when it is skipped',
    'daily 03:30-05:00 Europe/Athens',
    '2026-03-28T12:00Z',
    '2026-03-29T01:00Z 2026-03-29T02:00Z',
  ],
  [
    '… one that ends in it closes when it is skipped',
    'daily 02:00-03:30 Europe/Athens',
    '2026-03-28T12:00Z',
    '2026-03-29T00:00Z 2026-03-29T01:00Z',
  ],
  [
    'Athens in autumn: a night is an hour longer',
    'daily 22:00-05:00 Europe/Athens',
    '2026-10-24T12:00Z',
    '2026-10-24T19:00Z 2026-10-25T03:00Z',
  ],
  [
    '… a window in the hour that comes twice opens twice',
    'daily 03:15-03:45 Europe/Athens',
    '2026-10-24T12:00Z',
    '2026-10-25T00:15Z 2026-10-25T00:45Z',
    '2026-10-25T01:15Z 2026-10-25T01:45Z',
  ],
  [
    '… one that begins in it is closed for a while in between',
    'daily 03:30-05:00 Europe/Athens',
    '2026-10-24T12:00Z',
    '2026-10-25T00:30Z 2026-10-25T01:00Z',
    '2026-10-25T01:30Z 2026-10-25T03:00Z',
  ],
  [
    '… and so is one that ends in it',
    'daily 02:00-03:30 Europe/Athens',
    '2026-10-24T12:00Z',
    '2026-10-24T23:00Z 2026-10-25T00:30Z',
    '2026-10-25T01:00Z 2026-10-25T01:30Z',
  ],

  // New York, 2026-03-08: 02:00 becomes 03:00; 2026-11-01: 02:00 becomes 01:00
  [
    'New York in spring: a night is an hour shorter',
    'daily 22:00-05:00 America/New_York',
    '2026-03-07T12:00Z',
    '2026-03-08T03:00Z 2026-03-08T09:00Z',
  ],
  [
    '… a window in the skipped hour does not open',
    'daily 02:15-02:45 America/New_York',
    '2026-03-07T12:00Z',
    '2026-03-09T06:15Z 2026-03-09T06:45Z',
  ],
  [
    '… one that begins in it opens when it is skipped',
    'daily 02:30-04:00 America/New_York',
    '2026-03-07T12:00Z',
    '2026-03-08T07:00Z 2026-03-08T08:00Z',
  ],
  [
    'New York in autumn: a night is an hour longer',
    'daily 22:00-05:00 America/New_York',
    '2026-10-31T12:00Z',
    '2026-11-01T02:00Z 2026-11-01T10:00Z',
  ],
  [
    '… a window in the hour that comes twice opens twice',
    'daily 01:15-01:45 America/New_York',
    '2026-10-31T12:00Z',
    '2026-11-01T05:15Z 2026-11-01T05:45Z',
    '2026-11-01T06:15Z 2026-11-01T06:45Z',
  ],
  [
    '… one that begins in it is closed for a while in between',
    'daily 01:30-03:00 America/New_York',
    '2026-10-31T12:00Z',
    '2026-11-01T05:30Z 2026-11-01T06:00Z',
    '2026-11-01T06:30Z 2026-11-01T08:00Z',
  ],

  // Lord Howe, 2026-10-04: 02:00 becomes 02:30; 2026-04-05: 02:00 becomes 01:30
  [
    'Lord Howe in spring: a night is half an hour shorter',
    'daily 22:00-05:00 Australia/Lord_Howe',
    '2026-10-03T06:00Z',
    '2026-10-03T11:30Z 2026-10-03T18:00Z',
  ],
  [
    '… a window in the skipped half-hour does not open',
    'daily 02:05-02:25 Australia/Lord_Howe',
    '2026-10-03T06:00Z',
    '2026-10-04T15:05Z 2026-10-04T15:25Z',
  ],
  [
    '… one that begins in it opens when it is skipped',
    'daily 02:10-03:00 Australia/Lord_Howe',
    '2026-10-03T06:00Z',
    '2026-10-03T15:30Z 2026-10-03T16:00Z',
  ],
  [
    'Lord Howe in autumn: a night is half an hour longer',
    'daily 22:00-05:00 Australia/Lord_Howe',
    '2026-04-04T06:00Z',
    '2026-04-04T11:00Z 2026-04-04T18:30Z',
  ],
  [
    '… a window in the half-hour that comes twice opens twice',
    'daily 01:40-01:50 Australia/Lord_Howe',
    '2026-04-04T06:00Z',
    '2026-04-04T14:40Z 2026-04-04T14:50Z',
    '2026-04-04T15:10Z 2026-04-04T15:20Z',
  ],
  [
    '… one that begins in it is closed for a while in between',
    'daily 01:45-03:00 Australia/Lord_Howe',
    '2026-04-04T06:00Z',
    '2026-04-04T14:45Z 2026-04-04T15:00Z',
    '2026-04-04T15:15Z 2026-04-04T16:30Z',
  ],

  // Beirut, 2026-03-29: 00:00 becomes 01:00; 2026-10-25: 00:00 becomes 23:00 of the day before
  [
    'a day whose first half-hour is skipped has no window in it',
    'Sun 00:00-00:30 Asia/Beirut',
    '2026-03-28T12:00Z',
    '2026-04-04T21:00Z 2026-04-04T21:30Z',
  ],
  [
    'a day whose last hour comes twice has it twice',
    'Sat 23:00-24:00 Asia/Beirut',
    '2026-10-24T12:00Z',
    '2026-10-24T20:00Z 2026-10-24T22:00Z',
  ],
];
for (const [name, text, from, ...spans] of rows)
  test(`${name}: ${text}`, () => assert.deepEqual(openings(windowIn(text), from, spans.length), spans));

const CHANGES: [zone: string, ...days: string[]][] = [
  ['Europe/Athens', '2026-03-29', '2026-10-25'],
  ['America/New_York', '2026-03-08', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-10-04'],
];
const TIMES = ['daily 22:00-05:00', 'Sun 01:35-02:25', 'Sat 01:00-24:00', 'Sun-Mon 02:20-01:40', 'daily 03:30-03:25'];
const STEP = 5 * MINUTE;

for (const [zone, ...days] of CHANGES)
  test(`in ${zone}, what is said to be the next change is the first one, on the days around`, () => {
    for (const day of days)
      for (const times of TIMES) {
        const window = windowIn(`${times} ${zone}`);
        const [from, to] = [Date.parse(day) - 3 * DAY, Date.parse(day) + 2 * DAY];
        const seen: string[] = [];
        for (let at = from + STEP; at <= to; at += STEP)
          if (isOpenAt(window, at) !== isOpenAt(window, at - STEP)) seen.push(utc(at));
        const said: string[] = [];
        for (let at = windowStateAt(window, from).until; at <= to; at = windowStateAt(window, at).until)
          said.push(utc(at));
        assert.ok(seen.length > 0);
        assert.deepEqual(said, seen, `${times} ${zone} around ${day}`);
      }
  });
