import assert from 'node:assert/strict';
import type { ClusterStatus } from '../../../src/status/clusterStatus.ts';
import { frame } from '../../../src/status/frame.ts';
import { bar, percent } from '../../../src/status/runSection.ts';
import type { FrameOptions } from '../../../src/status/section.ts';
import { NO_COUNTS } from '../../../src/status/statusDocument.ts';
import { columnsOf } from '../../../src/status/textLine.ts';
import { ageWords, clockWords } from '../../../src/status/words.ts';
import { ago, clusterStatus, statusDocument, statusRow, upgradeDocument } from '../../builders/status.ts';
import { HOUR, MINUTE, NOW } from '../../builders/workload.ts';

const drawn = (status: ClusterStatus, given: Partial<FrameOptions> = {}): string[] =>
  frame(status, { width: 120, colour: false, now: NOW, ...given });
const upgrade = clusterStatus(upgradeDocument());

const EVIL = '\u001b[2J\nshop  Deployment/cart \u202ecurrent\u009b1m漢字🚀';
const evil = (): ClusterStatus => {
  const row = statusRow(EVIL, { namespace: EVIL, kind: EVIL, lastOutcome: `failed:${EVIL}`, from: EVIL, order: 1 });
  const flying = statusRow(EVIL, { kind: 'Deployment', namespace: 'shop', startedAt: EVIL, detail: EVIL });
  return clusterStatus(
    upgradeDocument({
      at: EVIL,
      workloads: [row, flying],
      namespaces: [{ ...NO_COUNTS, namespace: EVIL, outdated: 1 }],
      waits: [{ reason: EVIL, workloads: 1, until: EVIL, example: { ...row, detail: EVIL } }],
      runs: [
        {
          id: EVIL,
          injector: EVIL,
          to: EVIL,
          startedAt: EVIL,
          eta: { median: EVIL, p90: EVIL },
          waves: [
            {
              name: EVIL,
              state: 'running',
              detail: EVIL,
              total: -5,
              current: 1e300,
              inFlight: -1,
              failed: 0,
              waiting: 0,
            },
          ],
        },
      ],
    }),
    {
      cluster: EVIL,
      paused: EVIL,
      warnings: [EVIL],
      leader: { holder: EVIL, renewedAt: EVIL, isAlive: false },
      rollouts: new Map([[`Deployment/shop/${EVIL}`, { state: 'stuck', detail: EVIL, problem: EVIL }]]),
    },
  );
};
const huge = (): ClusterStatus => {
  const many = 123_456_789;
  const counts = Object.fromEntries(Object.keys(NO_COUNTS).map((key) => [key, many])) as unknown as typeof NO_COUNTS;
  const wave = { name: 'w'.repeat(300), state: 'running', total: many, current: many - 1, inFlight: many } as const;
  return clusterStatus(
    upgradeDocument({
      counts,
      unsupportedPods: many,
      namespaces: Array.from({ length: 500 }, (_, index) => ({ ...counts, namespace: `team-${index}` })),
      workloads: Array.from({ length: 500 }, (_, index) => statusRow(`w${index}`, { startedAt: ago(HOUR) })),
      runs: [{ id: 'r'.repeat(99), injector: 'i', waves: Array(60).fill({ ...wave, failed: many, waiting: many }) }],
    }),
  );
};

const STATUSES: readonly [string, () => ClusterStatus][] = [
  ['nothing at all', () => clusterStatus(statusDocument())],
  ['an upgrade', () => upgrade],
  ['hostile texts', evil],
  ['huge counts', huge],
];
const SIZES = [
  [80, 24],
  [200, 60],
  [40, 10],
  [20, 3],
  [1, 1],
] as const;
for (const [name, make] of STATUSES)
  for (const [width, height] of SIZES)
    test(`${name} fits on ${width}×${height}, with and without colour`, () => {
      const status = make();
      const plain = drawn(status, { width, height });
      assert.ok(plain.length <= height);
      for (const line of plain) {
        assert.ok(columnsOf(line) <= width, line);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
      }
      const coloured = drawn(status, { width, height, colour: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it takes colours away
      const bare = coloured.map((line) => line.replaceAll(/\u001b\[\d+m/g, '').trimEnd());
      assert.deepEqual(bare, plain, 'colours add to words');
    });

const SHOWN: readonly [what: string, line: string | RegExp, status?: ClusterStatus][] = [
  ['the sums first', '26 current, 14 outdated, 2 in flight, 10 waiting, 2 failed, 1 unknown, 3 skipped'],
  ['how old it is', 'prod  Meltemi in namespace meltemi, updated 2 s ago'],
  ['pods of unsupported kinds', '4 outdated pods of kinds that Meltemi cannot restart'],
  ['a run with what it brings', '  to proxyv2:1.31.0 (default), began 12 min ago  f00d'],
  ['a wave that is done', / {4}canary +█{40} 100% +10\/10 {2}done$/],
  ['a wave under way', / {4}rest +█{21}▒▒××░+ +53% +16\/30 {2}running {2}2 in flight, 2 failed, 10/],
  ['a restart with its age, and what the controller says', /^ {2}shop Deployment\/web +42 s {2}1 of 3 pods updated$/],
  ['why a rollout is slow', '    Pod ledger-0: FailedScheduling: no node'],
  [
    'a failure in words',
    / {2}shop Deployment\/stuck {2}failed:timeout {2}The rollout did not end within the time limit\.$/,
  ],
  ['waits by reason', /^ {6}7 {2}max-in-flight +shop Deployment\/cart: 2 of 2 are in flight$/],
  ['when a timed wait ends', / {6}1 {2}cooldown +restarted 1 minute ago \(until \d\d:\d\d\)$/],
  [
    'the command that ends a wait',
    /→ kubectl -n shop annotate deployment stuck --overwrite meltemi\.dev\/retry="\$\(date\)"$/,
  ],
  ['five that come next', /^ {2}5 {2}shop Deployment\/search /],
  ['a namespace', /^ {2}bank +█+▒░+ +20\/23 {2}1 in flight, 1 waiting, 1 unknown$/],
  ['a pause', 'paused: change freeze', { ...upgrade, paused: 'change freeze' }],
  [
    'a pause in the policy, also while nothing waits',
    'paused: first look (paused in the policy)',
    clusterStatus(statusDocument({ paused: 'first look' })),
  ],
  ['what could not be read', 'warning: no right', { ...upgrade, warnings: ['no right'] }],
  [
    'that no leader is alive',
    'nothing is restarted: meltemi-abc has not renewed the Lease for 5 min. This status is out of date',
    { ...upgrade, leader: { holder: 'meltemi-abc', renewedAt: ago(5 * MINUTE), isAlive: false } },
  ],
];
for (const [what, wanted, status = upgrade] of SHOWN)
  test(`it shows ${what}`, () => {
    const lines = drawn(status);
    const found = lines.some((line) => (typeof wanted === 'string' ? line === wanted : wanted.test(line)));
    assert.ok(found, lines.join('\n'));
  });

test('what is next is not shown beyond five, nor a namespace that is done', () => {
  const text = drawn(upgrade).join('\n');
  assert.doesNotMatch(text, /Deployment\/user/);
  assert.doesNotMatch(text, /^ {2}done /m);
});

test('a small screen keeps a line of each section and says how many are hidden', () => {
  const lines = drawn(upgrade, { width: 80, height: 24 });
  for (const title of ['RUNS', 'IN FLIGHT', 'FAILED', 'WAITING', 'NEXT', 'NAMESPACES'])
    assert.ok(lines.includes(title));
  assert.ok(lines.includes('  … and 3 more lines'), lines.join('\n'));
});

test('without NO_COLOR a failure is red', () =>
  assert.ok(drawn(upgrade, { colour: true }).some((line) => line.includes('\u001b[31mfailed:timeout\u001b[0m'))));

const PERCENTS: readonly [number, number, string][] = [
  [0, 0, '100%'],
  [0, 3, '0%'],
  [1, 10_000, '1%'],
  [9999, 10_000, '99%'],
  [10, 10, '100%'],
];
for (const [current, total, words] of PERCENTS)
  test(`${current} of ${total} is ${words}`, () => assert.equal(percent(current, total), words));

const BARS: readonly [string, Parameters<typeof bar>[0], string][] = [
  ['nothing to do', { current: 0, inFlight: 0, failed: 0, total: 0 }, '██████████'],
  ['nothing done', { current: 0, inFlight: 0, failed: 0, total: 5 }, '░░░░░░░░░░'],
  ['one failed of many', { current: 999, inFlight: 0, failed: 1, total: 1000 }, '█████████×'],
  ['a part each', { current: 5, inFlight: 2, failed: 1, total: 10 }, '█████▒▒×░░'],
  ['counts that cannot be', { current: 99, inFlight: 99, failed: 99, total: 10 }, '××××××××××'],
];
for (const [name, parts, text] of BARS)
  test(`a bar of ${name}`, () =>
    assert.equal(
      bar(parts, 10)
        .map((piece) => piece.text)
        .join(''),
      text,
    ));

const AGES: readonly [number, string][] = [
  [-5000, '0 s'],
  [119_999, '119 s'],
  [2 * MINUTE, '2 min'],
  [2 * HOUR, '2 h'],
  [3 * HOUR + 20 * MINUTE, '3 h 20 min'],
  [52 * HOUR, '2 d 4 h'],
];
for (const [age, words] of AGES) test(`an age of ${age} ms is ${words}`, () => assert.equal(ageWords(age), words));

test('a time of another day has its day, and what is no time is empty', () => {
  assert.match(clockWords(new Date(NOW + 20 * HOUR).toISOString(), NOW), /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
  assert.equal(clockWords('soon', NOW), '');
});
