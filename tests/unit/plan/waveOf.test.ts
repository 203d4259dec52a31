import assert from 'node:assert/strict';
import type { Assessed } from '../../../src/plan/assessed.ts';
import type { Wave } from '../../../src/plan/wave.ts';
import { waveOf } from '../../../src/plan/waveOf.ts';
import { reason } from '../../../src/reasons.ts';
import { wave } from '../../builders/waves.ts';
import { assessed } from '../../builders/workload.ts';

const ALL = [{ namespaces: ['*'] }];
const some = (count: number, namespace = 'shop', from = 0): Assessed[] =>
  Array.from({ length: count }, (_, index) => assessed({ namespace, name: `w${from + index}` }));

/** Names of the workloads in each wave. */
function waves(policy: readonly Wave[], all: readonly Assessed[]): Map<string, string[]> {
  const of = waveOf(policy, all);
  return new Map(
    of.waves.map(({ name }, index) => [
      name,
      all.flatMap(({ workload }) => (of.indexOf(workload) === index ? workload.name : [])),
    ]),
  );
}

const sizes = (policy: readonly Wave[], all: readonly Assessed[]): number[] =>
  [...waves(policy, all).values()].map(({ length }) => length);

const dev = wave('dev');
const rows: [what: string, policy: Wave[], all: Assessed[], sizes: number[]][] = [
  ['without waves everything is in rest', [], some(3), [3]],
  ['what no wave matches is in rest', [dev], [...some(2, 'dev'), ...some(3)], [2, 3]],
  ['what two match is in the first', [dev, wave('all', { match: ALL })], some(4, 'dev'), [4, 0, 0]],
  ['one of the filters is enough', [wave('x', { match: [{ names: ['w0'] }, { names: ['w1'] }] })], some(3), [2, 1]],
  ['ten per cent of fifty are five', [wave('canary', { match: ALL, percent: 10 })], some(50), [5, 45]],
  ['… of 59, too: a part is rounded down', [wave('canary', { match: ALL, percent: 10 })], some(59), [5, 54]],
  ['… of three it is at least one', [wave('canary', { match: ALL, percent: 10 })], some(3), [1, 2]],
  ['… of none it is none', [wave('canary', { percent: 10 })], some(3), [0, 3]],
  ['a hundred per cent are all', [wave('canary', { match: ALL, percent: 100 })], some(7), [7, 0]],
  [
    'the others are in the next wave that matches, of which a part counts what is left',
    [wave('a', { match: ALL, percent: 50 }), wave('b', { match: ALL, percent: 50 }), wave('c', { match: ALL })],
    some(8),
    [4, 2, 2, 0],
  ],
];
for (const [what, policy, all, expected] of rows)
  test(what, () => {
    assert.deepEqual(sizes(policy, all), expected);
  });

test('what is never restarted counts for no part', () => {
  const outside: Assessed = {
    ...assessed({ name: 'outside' }),
    match: { kind: 'none', reason: reason('not-injected', '') },
    verdict: { state: 'skipped', reason: reason('not-injected', '') },
  };
  const { injection: _, ...uninjected } = outside;
  const job = assessed({ name: 'job', unsupported: {} });
  const canary = [wave('canary', { match: ALL, percent: 50 })];
  const all = [...some(4), ...Array.from({ length: 20 }, (_, index) => [uninjected, job][index % 2] as Assessed)];
  assert.equal(waves(canary, all).get('canary')?.length, 2);
});

test('the order of the workloads changes nothing', () => {
  const canary = [wave('canary', { match: ALL, percent: 20 })];
  const all = some(40);
  const before = waves(canary, all).get('canary')?.sort();
  assert.deepEqual(waves(canary, all.toReversed()).get('canary')?.sort(), before);
});

test('as others come and go, only those at the border change their wave', () => {
  const canary = [wave('canary', { match: ALL, percent: 20 })];
  const before = waves(canary, some(100)).get('canary') ?? [];
  const after = waves(canary, some(110)).get('canary') ?? [];
  const fewer = waves(canary, some(95)).get('canary') ?? [];
  const changed = (some: readonly string[]): number => some.filter((name) => !before.includes(name)).length;
  assert.ok(changed(after) <= 5, `${after.join()} were ${before.join()}`);
  assert.ok(changed(fewer) <= 2, `${fewer.join()} were ${before.join()}`);
});
