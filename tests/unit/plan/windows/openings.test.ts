import assert from 'node:assert/strict';
import { openingAt } from '../../../../src/plan/windows/openings.ts';
import { readWindows } from '../../../../src/plan/windows/windowAnnotation.ts';

const set = (text: string, index: number) => {
  const reading = readWindows(text);
  assert.ok('windows' in reading);
  return { words: `set ${index + 1}`, windows: reading.windows };
};

const NEVER = 'in the next 14 days they are never open at the same time';

const rows: [name: string, at: string, sets: string[], expected: string][] = [
  ['an open window', '2026-01-01T12:00Z', ['daily 10:00-14:00 UTC'], 'open'],
  ['a closed one', '2026-01-01T09:00Z', ['daily 10:00-14:00 UTC'], 'outside set 1, until Thu 2026-01-01 10:00 UTC'],
  [
    'its last moment is before its end',
    '2026-01-01T14:00Z',
    ['daily 10:00-14:00 UTC'],
    'outside set 1, until Fri 2026-01-02 10:00 UTC',
  ],
  [
    'one of two overlapping windows is open',
    '2026-01-01T13:00Z',
    ['daily 10:00-12:00 UTC; daily 11:00-14:00 UTC'],
    'open',
  ],
  [
    'both are closed: the first to open ends the wait',
    '2026-01-01T15:00Z',
    ['daily 10:00-12:00 UTC; daily 09:00-14:00 Europe/Athens'],
    'outside set 1, until Fri 2026-01-02 09:00 Europe/Athens',
  ],
  [
    'of two sets one is closed',
    '2026-01-01T10:30Z',
    ['daily 10:00-12:00 UTC', 'daily 11:00-14:00 UTC'],
    'outside set 2, until Thu 2026-01-01 11:00 UTC',
  ],
  [
    'both sets are closed: the last to open ends the wait',
    '2026-01-01T09:00Z',
    ['daily 10:00-12:00 UTC', 'daily 11:00-14:00 UTC'],
    'outside set 1 and set 2, until Thu 2026-01-01 11:00 UTC',
  ],
  [
    'one opens when the other has closed again, on most days',
    '2026-01-01T09:00Z',
    ['daily 10:00-12:00 UTC', 'Sun 11:00-14:00 UTC; daily 13:00-14:00 UTC'],
    'outside set 1 and set 2, until Sun 2026-01-04 11:00 UTC',
  ],
  [
    'one opens in the moment in which the other closes',
    '2026-01-01T09:00Z',
    ['daily 10:00-12:00 UTC', 'daily 12:00-14:00 UTC'],
    `outside set 1 and set 2; ${NEVER}`,
  ],
  [
    'they have no time in common',
    '2026-01-01T10:30Z',
    ['Mon-Fri 10:00-12:00 UTC', 'Sat,Sun 00:00-24:00 UTC'],
    `outside set 2; ${NEVER}`,
  ],
  [
    'they have one only where an hour comes twice',
    '2026-10-24T12:00Z',
    ['daily 03:00-04:00 Europe/Athens', 'daily 01:30-02:30 UTC'],
    'outside set 1 and set 2, until Sun 2026-10-25 01:30 UTC',
  ],
  [
    'three sets',
    '2026-01-01T09:00Z',
    ['daily 22:00-05:00 Europe/Athens', 'Sat,Sun 00:00-24:00 Europe/Athens', 'daily 02:00-04:00 UTC'],
    'outside set 1 and set 2 and set 3, until Sat 2026-01-03 02:00 UTC',
  ],
];
for (const [name, at, texts, expected] of rows)
  test(`${name}: ${texts.join(' | ')}`, () => {
    const { closed } = openingAt(texts.map(set), Date.parse(at));
    assert.equal(closed?.detail ?? 'open', expected);
  });

test('the end of a wait is the moment that the words name', () => {
  const { closed, until } = openingAt([set('daily 10:00-14:00 Europe/Athens', 0)], Date.parse('2026-01-01T00:00Z'));
  assert.equal(closed?.opensAt, Date.parse('2026-01-01T08:00Z'));
  assert.equal(until, closed?.opensAt);
});

test('eight windows that never meet eight others are given up soon', () => {
  const many = (hour: number): string =>
    Array.from({ length: 8 }, (_, i) => `daily 0${hour}:${10 + i}-0${hour}:${40 + i} Asia/Tokyo`).join(';');
  const sets = [many(1), many(2), many(3)].map(set);
  const began = performance.now();
  for (let day = 0; day < 20; day++) openingAt(sets, Date.parse('2026-01-01T00:00Z') + day * 86_400_000);
  const took = (performance.now() - began) / 20;
  assert.ok(took < 100, `${took} ms`);
  console.info(`${took.toFixed(1)} ms`);
});
