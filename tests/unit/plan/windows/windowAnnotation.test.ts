import assert from 'node:assert/strict';
import { readWindows } from '../../../../src/plan/windows/windowAnnotation.ts';

const HOUR = 60 * 60_000;
const DAYS = [0, 1, 2, 3, 4, 5, 6];

const readable: [
  name: string,
  text: string,
  ...windows: [days: number[], start: number, end: number, zone: string][],
][] = [
  ['days in a range', 'Mon-Thu 22:00-05:00 Europe/Athens', [[0, 1, 2, 3], 22, 5, 'Europe/Athens']],
  ['every day', 'daily 01:00-04:30 UTC', [DAYS, 1, 4.5, 'UTC']],
  ['a day', 'Sun 00:00-24:00 UTC', [[6], 0, 24, 'UTC']],
  ['days and ranges', 'Tue,Thu-Fri,Sun 01:00-02:00 UTC', [[1, 3, 4, 6], 1, 2, 'UTC']],
  ['a range over Sunday', 'Sat-Mon 01:00-02:00 UTC', [[5, 6, 0], 1, 2, 'UTC']],
  ['a day twice', 'Mon,Mon-Tue 01:00-02:00 UTC', [[0, 1], 1, 2, 'UTC']],
  ['several', 'Mon 01:00-02:00 UTC; Tue 03:00-04:00 UTC', [[0], 1, 2, 'UTC'], [[1], 3, 4, 'UTC']],
  ['blanks', '  Mon   01:00-02:00  UTC  ;Tue 03:00-04:00 UTC', [[0], 1, 2, 'UTC'], [[1], 3, 4, 'UTC']],
];
for (const [name, text, ...windows] of readable)
  test(`${name}: "${text}"`, () =>
    assert.deepEqual(readWindows(text), {
      windows: windows.map(([days, start, end, timeZone]) => ({
        days: new Set(days),
        start: start * HOUR,
        end: end * HOUR,
        timeZone,
      })),
    }));

const A_WINDOW = 'It must be days, times and a time zone, such as "Mon-Thu 22:00-05:00 Europe/Athens".';
const A_DAY = 'It must be a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun) or a range such as Mon-Fri.';
const A_START = 'It must be a time from 00:00 to 23:59.';
const AN_END = 'It must be a time from 00:00 to 24:00.';
const A_ZONE = 'It must be the name of a time zone, such as Europe/Athens or UTC.';

const unreadable: [name: string, text: string, problem: string][] = [
  ['nothing', '', `'' is invalid. ${A_WINDOW}`],
  ['blanks only', '   ', `'' is invalid. ${A_WINDOW}`],
  ['nothing after a semicolon', 'Mon 01:00-02:00 UTC;', `'' is invalid. ${A_WINDOW}`],
  ['no time zone', 'Mon 01:00-02:00', `'Mon 01:00-02:00' is invalid. ${A_WINDOW}`],
  ['no days', '01:00-02:00 UTC', `'01:00-02:00 UTC' is invalid. ${A_WINDOW}`],
  ['no end', 'Mon 01:00 UTC', `'Mon 01:00 UTC' is invalid. ${A_WINDOW}`],
  ['too much', 'Mon 01:00-02:00 UTC or so', `'Mon 01:00-02:00 UTC or so' is invalid. ${A_WINDOW}`],
  ['blanks between days', 'Mon, Tue 01:00-02:00 UTC', `'Mon, Tue 01:00-02:00 UTC' is invalid. ${A_WINDOW}`],
  ['a tab', 'Mon\t01:00-02:00\tUTC', `'Mon\t01:00-02:00\tUTC' is invalid. ${A_WINDOW}`],
  ['a day in small letters', 'mon 01:00-02:00 UTC', `'mon' is invalid. ${A_DAY}`],
  ['a day in full', 'Monday 01:00-02:00 UTC', `'Monday' is invalid. ${A_DAY}`],
  ['half a range', 'Mon- 01:00-02:00 UTC', `'Mon-' is invalid. ${A_DAY}`],
  ['a range of one day', 'Mon-Mon 01:00-02:00 UTC', `'Mon-Mon' is invalid. ${A_DAY}`],
  ['a range of ranges', 'Mon-Tue-Wed 01:00-02:00 UTC', `'Mon-Tue-Wed' is invalid. ${A_DAY}`],
  ['no day between commas', 'Mon,,Tue 01:00-02:00 UTC', `'' is invalid. ${A_DAY}`],
  ['a time without a leading zero', 'Mon 1:00-02:00 UTC', `'1:00' is invalid. ${A_START}`],
  ['a time after midnight', 'Mon 24:00-02:00 UTC', `'24:00' is invalid. ${A_START}`],
  ['a time after the end of the day', 'Mon 01:00-24:01 UTC', `'24:01' is invalid. ${AN_END}`],
  ['an hour of the afternoon', 'Mon 01:00-02:00pm UTC', `'02:00pm' is invalid. ${AN_END}`],
  [
    'no time at all',
    'Mon 22:00-22:00 UTC',
    "'22:00' is invalid. It must be another time than the start. A whole day is from 00:00 to 24:00.",
  ],
  ['another planet', 'Mon 01:00-02:00 Mars/Olympus', `'Mars/Olympus' is invalid. ${A_ZONE}`],
  ['an offset', 'Mon 01:00-02:00 +02:00', `'+02:00' is invalid. ${A_ZONE}`],
  ['a name of every object', '__proto__ 01:00-02:00 constructor', `'__proto__' is invalid. ${A_DAY}`],
  ['a long word', `Mon 01:00-02:00 ${'x'.repeat(200)}`, `'${'x'.repeat(79)}…' is invalid. ${A_ZONE}`],
  ['a long text', 'Mon 01:00-02:00 UTC;'.repeat(20_000), 'It has more than 250 characters.'],
  ['many windows', Array(9).fill('Mon 01:00-02:00 UTC').join(';'), 'It has more than 8 windows.'],
];
for (const [name, text, problem] of unreadable)
  test(`${name} cannot be read`, () => assert.deepEqual(readWindows(text), { problem }));

test('a text is parsed once', () =>
  assert.equal(readWindows('Mon 01:00-02:00 UTC'), readWindows('Mon 01:00-02:00 UTC')));

test('… and no more than some are kept', () => {
  const first = readWindows('Mon 01:00-02:00 UTC');
  for (let hour = 0; hour < 24; hour++)
    for (let minute = 10; minute < 60; minute++)
      readWindows(`Tue ${String(hour).padStart(2, '0')}:${minute}-24:00 UTC`);
  assert.notEqual(readWindows('Mon 01:00-02:00 UTC'), first);
});
