import assert from 'node:assert/strict';
import { withEta } from '../../../src/plan/eta/withEta.ts';
import { etaWords, forecastLine } from '../../../src/report/etaWords.ts';
import { machineForecast, machineWaves } from '../../../src/report/machineRuns.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { planTable } from '../../../src/report/planTable.ts';
import { waveWords } from '../../../src/report/waveWords.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { HOUR, MINUTE, NOW } from '../../builders/workload.ts';

const ETA = { median: NOW + 2 * HOUR + 40 * MINUTE, p90: NOW + 27 * HOUR };
const made = { at: NOW, workloads: 5, runs: [], leftOut: [] };
const WORDS = '2026-01-01T02:40:00Z, in 2h40m (90 %: by 2026-01-02T03:00:00Z, in 1d3h)';

const LINES: readonly [name: string, given: Partial<Parameters<typeof forecastLine>[0]>, line: string | undefined][] = [
  ['both times', { eta: ETA }, `Expected to be done by ${WORDS}`],
  [
    'what is left out',
    {
      eta: ETA,
      leftOut: [
        { reason: 'pdb', workloads: 3 },
        { reason: 'paused', workloads: 1 },
      ],
    },
    `Expected to be done by ${WORDS}, not counting ` +
      '4 workloads that wait for something other than time: 3 pdb, 1 paused',
  ],
  [
    'nothing else',
    { leftOut: [{ reason: 'halted', workloads: 1 }] },
    'No estimate of when it will be done, because of 1 workload that waits for something other than time: 1 halted',
  ],
  ['nothing at all', {}, undefined],
];
for (const [name, given, line] of LINES)
  test(`the line under the table names ${name}`, () => assert.equal(forecastLine({ ...made, ...given }), line));

const SECOND = 1000;
const LEFT: readonly [milliseconds: number, words: string][] = [
  [-MINUTE, '0m'],
  [1, '1m'],
  [59 * MINUTE, '59m'],
  [59 * MINUTE + SECOND, '1h0m'],
  [HOUR, '1h0m'],
  [2 * HOUR - SECOND, '2h0m'],
  [24 * HOUR - SECOND, '1d0h'],
  [25 * HOUR - SECOND, '1d1h'],
  [25 * HOUR, '1d1h'],
];
for (const [milliseconds, words] of LEFT)
  test(`${milliseconds / SECOND} s are ${words}`, () => {
    const time = NOW + milliseconds;
    assert.match(
      etaWords({ median: time, p90: time }, NOW),
      new RegExp(`^\\S+, in ${words} \\(90 %: by \\S+, in ${words}\\)$`),
    );
  });

test('it is the last line', () => {
  const table = planTable([], { colour: false, all: false, eta: 'Expected soon' });
  assert.ok(table.endsWith('no workloads\nExpected soon\n'), table);
});

const progress = { name: 'canary', total: 3, current: 1, inFlight: 1, failed: 0, waiting: 1 };
const forecast = { ...made, eta: ETA, runs: [{ run: 'run', eta: ETA, waves: [{ name: 'canary', eta: ETA }] }] };
const of = (state: 'running' | 'done') => evaluation([], { waves: [{ run: 'run', waves: [{ ...progress, state }] }] });

test('each wave that is not done gets its own', () => {
  assert.deepEqual(withEta(of('running'), forecast).waves[0]?.waves[0]?.eta, ETA);
  assert.equal(withEta(of('done'), forecast).waves[0]?.waves[0]?.eta, undefined);
  assert.equal(withEta(of('running'), undefined).waves[0]?.waves[0]?.eta, undefined);
});

test('its heading says it', () => {
  const [words] = waveWords(withEta(of('running'), forecast));
  assert.deepEqual(words?.lines, [`running, 1 of 3 current; expected to be done by ${WORDS}`]);
});

test('programs get times as RFC 3339', () => {
  assert.deepEqual(machineForecast({ ...forecast, leftOut: [{ reason: 'pdb', workloads: 3 }] }), {
    median: '2026-01-01T02:40:00Z',
    p90: '2026-01-02T03:00:00Z',
    workloads: 5,
    leftOut: [{ reason: 'pdb', workloads: 3 }],
  });
  const [run] = withEta(of('running'), forecast).waves;
  assert.ok(run);
  assert.match(
    JSON.stringify(machineWaves(run)),
    /"eta":\{"median":"2026-01-01T02:40:00Z","p90":"2026-01-02T03:00:00Z"\}/,
  );
});

test('the metric has both estimates, and 0 where there is nothing to wait for', async () => {
  const metrics = new Metrics('1');
  const shown = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('meltemi_eta_timestamp_seconds{'));
  const zero = [
    'meltemi_eta_timestamp_seconds{estimate="median"} 0',
    'meltemi_eta_timestamp_seconds{estimate="p90"} 0',
  ];
  assert.deepEqual(await shown(), zero);
  metrics.forecast(ETA);
  assert.deepEqual(await shown(), [
    `meltemi_eta_timestamp_seconds{estimate="median"} ${ETA.median / 1000}`,
    `meltemi_eta_timestamp_seconds{estimate="p90"} ${ETA.p90 / 1000}`,
  ]);
  metrics.leads(false);
  assert.deepEqual(await shown(), zero);
});
