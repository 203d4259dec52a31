import assert from 'node:assert/strict';
import { type Freeze, frozenBy } from '../../../../src/plan/windows/freeze.ts';
import { momentsOf } from '../../../../src/plan/windows/timeZone.ts';
import { assessed } from '../../../builders/workload.ts';

function freeze(name: string, from: string, to: string, given: Partial<Freeze> = {}): Freeze {
  const timeZone = 'Europe/Athens';
  return { name, from: momentsOf(from, timeZone).first, to: momentsOf(to, timeZone).last, timeZone, ...given };
}

const yearEnd = freeze('year-end', '2026-12-20T00:00', '2027-01-04T00:00');
const sale = freeze('sale', '2027-01-02T12:00', '2027-01-07T18:00');
const release = freeze('release', '2027-01-07T18:00', '2027-01-08T00:00');
const later = freeze('later', '2027-02-01T00:00', '2027-02-02T00:00');
const others = freeze('others', '2026-12-20T00:00', '2027-03-01T00:00', { match: [{ namespaces: ['bank-*'] }] });
const shops = freeze('shops', '2026-12-20T00:00', '2027-03-01T00:00', {
  match: [{ names: ['x'] }, { namespaces: ['shop*'] }],
});
const short = freeze('short', '2026-12-24T00:00', '2026-12-27T00:00');
const skipped = freeze('skipped', '2026-03-28T12:00', '2026-03-29T03:30');
const twice = freeze('twice', '2026-10-25T03:10', '2026-10-25T03:30');

const rows: [name: string, freezes: Freeze[], at: string, detail: string | undefined][] = [
  ['before it', [yearEnd], '2026-12-19T21:59Z', undefined],
  ['from its first moment', [yearEnd], '2026-12-19T22:00Z', 'freeze year-end until Mon 2027-01-04 00:00 Europe/Athens'],
  ['until its last', [yearEnd], '2027-01-03T21:59Z', 'freeze year-end until Mon 2027-01-04 00:00 Europe/Athens'],
  ['after it', [yearEnd], '2027-01-03T22:00Z', undefined],
  [
    'one that overlaps goes on',
    [sale, yearEnd],
    '2026-12-24T00:00Z',
    'freezes year-end, sale until Thu 2027-01-07 18:00 Europe/Athens',
  ],
  [
    'so does one that follows at once',
    [release, sale, yearEnd, later],
    '2026-12-24T00:00Z',
    'freezes year-end, sale, release until Fri 2027-01-08 00:00 Europe/Athens',
  ],
  [
    'one inside another does not end it',
    [short, yearEnd],
    '2026-12-25T00:00Z',
    'freezes year-end, short until Mon 2027-01-04 00:00 Europe/Athens',
  ],
  ['one of other workloads', [others], '2026-12-25T00:00Z', undefined],
  ['… does not join two', [others, later], '2027-01-25T00:00Z', undefined],
  [
    'one that matches by one of its filters',
    [shops],
    '2026-12-25T00:00Z',
    'freeze shops until Mon 2027-03-01 00:00 Europe/Athens',
  ],
  [
    'one whose end is skipped',
    [skipped],
    '2026-03-29T00:59Z',
    'freeze skipped until Sun 2026-03-29 04:00 Europe/Athens',
  ],
  ['… ends when it is skipped', [skipped], '2026-03-29T01:00Z', undefined],
  [
    'one in an hour that comes twice',
    [twice],
    '2026-10-25T00:10Z',
    'freeze twice until Sun 2026-10-25 03:30 Europe/Athens',
  ],
  ['… has no hole', [twice], '2026-10-25T00:45Z', 'freeze twice until Sun 2026-10-25 03:30 Europe/Athens'],
  ['… and ends when its end comes again', [twice], '2026-10-25T01:30Z', undefined],
];
for (const [name, freezes, at, detail] of rows)
  test(`${name}: ${at}`, () => assert.equal(frozenBy(freezes, assessed(), Date.parse(at))?.detail, detail));
