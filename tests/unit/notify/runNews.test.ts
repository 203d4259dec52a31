import assert from 'node:assert/strict';
import { finishesIn, type News, type NewsContext, newsOf, QUIET, STUCK } from '../../../src/notify/runNews.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import type { RunNotes } from '../../../src/plan/runNotes.ts';
import type { RunWaves, WaveProgress, WaveState } from '../../../src/plan/wave.ts';
import { current, ended, gaveUp, inFlight, notes, runState, waiting } from '../../builders/runs.ts';
import { HOUR, MINUTE, NOW } from '../../builders/workload.ts';

const found = (
  items: readonly Planned[],
  given: RunNotes = notes(),
  context: Partial<NewsContext> = {},
): readonly News[] => newsOf(runState(items, given), { wall: NOW, ...context });

const texts = (news: readonly News[]): string[] => news.map(({ event, text }) => `${event}: ${text}`);

const wave = (name: string, state: WaveState, given: Partial<WaveProgress> = {}): WaveProgress => ({
  name,
  state,
  total: 4,
  current: 4,
  inFlight: 0,
  failed: 0,
  waiting: 0,
  ...given,
});
const waves = (...all: readonly WaveProgress[]): RunWaves => ({ run: 'run', waves: all });
const ENDED = { canary: { endedAt: NOW - HOUR } };

/** Its restart is journalled, and it is not known yet that it was written. */
const unwritten = (name: string): Planned => {
  const planned = inFlight(name);
  return { ...planned, entry: { ...(planned.entry as JournalEntry), confirmed: false } };
};

const STARTED = 'started: Restarts towards revision default have begun: 2 workloads outdated';
const rows: readonly [
  name: string,
  items: readonly Planned[],
  notes: RunNotes,
  context: Partial<NewsContext>,
  news: string[],
][] = [
  ['a run without a restart is no news', [waiting('a', 'max-in-flight')], notes({ startedAt: NOW }), {}, []],
  ['its first restart is', [inFlight('a'), waiting('b', 'max-in-flight')], notes(), {}, [STARTED]],
  [
    'but not before it is written: it may be taken back',
    [unwritten('a'), waiting('b', 'max-in-flight')],
    notes(),
    {},
    [],
  ],
  ['once', [inFlight('a'), waiting('b', 'max-in-flight')], notes({ told: ['started'] }), {}, []],
  [
    'a halt of the run',
    [gaveUp('a'), waiting('b', 'halted', 'run')],
    notes({ told: ['started'] }),
    {},
    [
      'halted: Restarts towards revision default are halted: why halted',
      'gave-up: Deployment shop/a was restarted and is not current (failed:timeout). It is not restarted again for this sidecar',
    ],
  ],
  [
    'a halt of two namespaces',
    [waiting('shop/b', 'halted', 'namespace'), waiting('bank/b', 'halted', 'namespace'), inFlight('c')],
    notes({ told: ['started'] }),
    {},
    [
      'halted: Restarts in namespace shop are halted: why halted',
      'halted: Restarts in namespace bank are halted: why halted',
    ],
  ],
  [
    'the same halt is told once',
    [inFlight('a'), waiting('b', 'halted', 'run')],
    notes({ told: ['started', 'halted 0'] }),
    {},
    [],
  ],
  [
    'and again after a person has let it go on',
    [inFlight('a'), waiting('b', 'halted', 'run')],
    notes({ told: ['started', 'halted 0'] }),
    { resumedAt: NOW - MINUTE },
    ['halted: Restarts towards revision default are halted: why halted'],
  ],
  [
    'a wave is done',
    [inFlight('a')],
    notes({ told: ['started'], waves: ENDED }),
    { waves: waves(wave('canary', 'done'), wave('prod', 'running'), wave('rest', 'waiting')) },
    ['wave-done: Wave canary is done: 4 of 4 workloads current, 0 failed; wave prod is next'],
  ],
  [
    'the last named wave is done, of which only its workloads are left to tell',
    [{ ...ended('a', 'verified'), wave: 'prod' }],
    notes({ told: ['started'], endedAt: NOW }),
    { waves: waves(wave('canary', 'done'), wave('prod', 'done'), wave('rest', 'done')) },
    ['wave-done: Wave prod is done: 4 of 4 workloads current, 0 failed'],
  ],
  [
    'not one in which nothing was restarted',
    [inFlight('a')],
    notes({ told: ['started'] }),
    { waves: waves(wave('canary', 'done'), wave('rest', 'running')) },
    [],
  ],
  [
    'nor the only one',
    [inFlight('a')],
    notes({ told: ['started'], waves: { rest: { endedAt: NOW } } }),
    { waves: waves(wave('rest', 'done')) },
    [],
  ],
  [
    'a wave that failed holds the others',
    [inFlight('a')],
    notes({ told: ['started'] }),
    { waves: waves(wave('canary', 'failed', { detail: '1 failed, 0 are allowed' }), wave('rest', 'waiting')) },
    ['halted: Wave canary has failed: 1 failed, 0 are allowed'],
  ],
  [
    'a metric gate that stays closed, also before the first restart',
    [waiting('a', 'max-in-flight')],
    { closedSince: { slo: NOW - 3 * HOUR } },
    { closedGates: [{ run: 'run', gate: 'slo', since: NOW - 3 * HOUR, detail: '0.2 is above 0.01' }] },
    ['gate-closed: Metric gate slo has been closed for 3 h: 0.2 is above 0.01'],
  ],
  ['a run that has finished has no news', [inFlight('a')], notes({ told: ['finished'] }), {}, []],
];
for (const [name, items, given, context, news] of rows)
  test(`news: ${name}`, () => assert.deepEqual(texts(found(items, given, context)), news));

test('each news has a key of its own, and with these told nothing is new', () => {
  const items = [gaveUp('a'), gaveUp('b'), waiting('shop/c', 'halted', 'namespace'), waiting('d', 'halted', 'run')];
  const keys = found(items).map(({ key }) => key);
  assert.equal(new Set(keys).size, 5);
  assert.deepEqual(found(items, notes({ told: keys })), []);
});

test('a thousand workloads that give up are no thousand notifications', () => {
  const items = Array.from({ length: 1000 }, (_, index) => gaveUp(`w${index}`));
  const first = found(items, notes({ told: ['started'] }));
  assert.equal(first.filter(({ event }) => event === 'gave-up').length, 50);
  const told = ['started', ...first.map(({ key }) => key)];
  assert.deepEqual(
    found(items, notes({ told })).filter(({ event }) => event === 'gave-up'),
    [],
  );
});

test('a text is bounded, and nothing in it acts on a terminal', () => {
  const closedGates = [{ run: 'run', gate: 'slo', since: NOW, detail: `\u001b[2J${'x'.repeat(100_000)}` }];
  const [news] = found([], notes(), { closedGates });
  assert.ok(news && news.text.length <= 2000 && !news.text.includes('\u001b'));
});

test('a halt names the workloads that failed, the first twenty', () => {
  const failed = Array.from({ length: 30 }, (_, index) => gaveUp(`w${index}`));
  const [halted] = found([...failed, waiting('z', 'halted', 'run')], notes({ told: ['started'] }));
  assert.equal(halted?.workloads.length, 20);
  assert.deepEqual(halted?.workloads[0], {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'w0',
    reason: 'failed:timeout',
  });
});

const finishes: readonly [name: string, items: readonly Planned[], endedAgo: number, finishesIn: number | undefined][] =
  [
    ['while restarts are in flight', [inFlight('a')], HOUR, undefined],
    ['while workloads wait for a slot', [waiting('a', 'max-in-flight'), ended('b', 'verified')], HOUR, undefined],
    ['right after the last restart', [ended('a', 'verified')], 0, QUIET],
    ['a moment later', [ended('a', 'verified')], QUIET - 1, 1],
    ['after a quiet time', [ended('a', 'verified')], QUIET, 0],
    ['with workloads that its people have opted out', [ended('a', 'verified'), waiting('b', 'opted-out')], QUIET, 0],
    ['with workloads that failed', [ended('a', 'verified'), gaveUp('b')], QUIET, 0],
    ['with one that cannot become ready', [ended('a', 'verified'), waiting('b', 'unavailable')], QUIET, STUCK - QUIET],
    ['with one that could not for an hour', [ended('a', 'verified'), waiting('b', 'unavailable')], STUCK, 0],
  ];
for (const [name, items, endedAgo, within] of finishes)
  test(`whether a run has finished: ${name}`, () => {
    const given = notes({ startedAt: NOW - 2 * HOUR, endedAt: NOW - endedAgo, told: ['started'] });
    assert.equal(finishesIn(runState(items, given), NOW), within);
    const events = found(items, given).map(({ event }) => event);
    assert.equal(events.includes('finished'), within === 0);
  });

test('a run in which nothing was restarted after all has no summary', () =>
  assert.deepEqual(found([current('a')], notes({ told: ['started'] })), []));
