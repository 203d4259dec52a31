import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';
import type { Freeze } from '../../../src/plan/windows/freeze.ts';

function read(text: string): readonly (string | Freeze)[] {
  const reading = readPolicy(text);
  if ('problems' in reading) return problemLines('p', reading.problems);
  return policyOf(defaults(), new Set(), reading.policy).freezes ?? [];
}

const entry = (from: string, to: string, zone = 'Europe/Athens', more = ''): string =>
  `freezes: [{name: f, from: ${from}, to: ${to}, timeZone: ${zone}${more}}]`;

const right: [name: string, text: string, from: string, to: string][] = [
  ['dates in a time zone', entry("'2026-12-20T00:00'", "'2027-01-04T00:00'"), '2026-12-19T22:00Z', '2027-01-03T22:00Z'],
  ['without quotes', entry('2026-12-20T00:00', '2027-01-04T00:00'), '2026-12-19T22:00Z', '2027-01-03T22:00Z'],
  ['an end that is skipped', entry('2026-03-29T00:00', '2026-03-29T03:30'), '2026-03-28T22:00Z', '2026-03-29T01:00Z'],
  [
    'a beginning that is skipped',
    entry('2026-03-29T03:30', '2026-03-30T00:00'),
    '2026-03-29T01:00Z',
    '2026-03-29T21:00Z',
  ],
  [
    'times that come twice: from the first to the last',
    entry('2026-10-25T03:10', '2026-10-25T03:30'),
    '2026-10-25T00:10Z',
    '2026-10-25T01:30Z',
  ],
];
for (const [name, text, from, to] of right)
  test(name, () => {
    const [freeze] = read(text);
    assert.ok(freeze && typeof freeze === 'object', String(freeze));
    assert.deepEqual([freeze.from, freeze.to], [Date.parse(from), Date.parse(to)]);
  });

test('filters are kept', () => {
  const [freeze] = read(entry('2026-12-20T00:00', '2027-01-04T00:00', 'UTC', ', match: [{names: [web]}]'));
  assert.deepEqual(typeof freeze === 'object' && freeze.match, [{ names: ['web'] }]);
});

const A_TIME = "It must be a date and a time, such as '2026-12-20T00:00', without a time zone.";
const wrong: [name: string, text: string, ...lines: string[]][] = [
  ['an empty list', 'freezes: []', 'p:1:10: freezes: is an empty list; leave the key out instead'],
  [
    'an end before the beginning',
    entry('2026-12-20T00:00', '2026-01-04T00:00'),
    "p:1:49: freezes[0].to: '2026-01-04T00:00' is invalid. It must be after from (2026-12-20T00:00).",
  ],
  [
    'an end that is the beginning',
    entry('2026-12-20T00:00', '2026-12-20T00:00'),
    "p:1:49: freezes[0].to: '2026-12-20T00:00' is invalid. It must be after from (2026-12-20T00:00).",
  ],
  [
    'times that are all skipped',
    entry('2026-03-29T03:10', '2026-03-29T03:50'),
    "p:1:49: freezes[0].to: '2026-03-29T03:50' is invalid. It must be after from (2026-03-29T03:10).",
  ],
  [
    'a date alone',
    entry('2026-12-20', '2027-01-04T00:00'),
    `p:1:27: freezes[0].from: '2026-12-20' is invalid. ${A_TIME}`,
  ],
  [
    'a moment in UTC, as YAML makes one of a date',
    entry('2026-12-20T00:00:00Z', '2027-01-04T00:00'),
    `p:1:27: freezes[0].from: '2026-12-20T00:00:00Z' is invalid. ${A_TIME}`,
  ],
  [
    'a day that the calendar does not have',
    entry('2026-02-29T00:00', '2027-01-04T00:00'),
    "p:1:27: freezes[0].from: '2026-02-29T00:00' is invalid. It must be a date and a time of the calendar.",
  ],
  [
    'another spelling of a time zone',
    entry('2026-12-20T00:00', '2027-01-04T00:00', 'europe/athens'),
    "p:1:77: freezes[0].timeZone: 'europe/athens' is invalid. It must be the name of a time zone, " +
      'such as Europe/Athens or UTC. Did you mean Europe/Athens?',
  ],
  [
    'days',
    entry('2026-12-20T00:00', '2027-01-04T00:00', 'UTC', ', days: [Mon]'),
    'p:1:82: freezes[0].days: is unknown; the known keys are name, match, from, to, timeZone',
  ],
];
for (const [name, text, ...lines] of wrong) test(`${name} is a mistake`, () => assert.deepEqual(read(text), lines));
