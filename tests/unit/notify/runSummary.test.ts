import assert from 'node:assert/strict';
import { summaryOf, summaryText } from '../../../src/notify/runSummary.ts';
import { durationWord } from '../../../src/notify/sentence.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import type { RunNotes } from '../../../src/plan/runNotes.ts';
import { reason } from '../../../src/reasons.ts';
import { current, ended, gaveUp, judged, notes, runState, waiting } from '../../builders/runs.ts';
import { HOUR, MINUTE, NOW, outdated } from '../../builders/workload.ts';

const skipped: Planned['verdict'] = {
  ...outdated(),
  state: 'skipped',
  reason: reason('namespace', ''),
} as Planned['verdict'];

const text = (items: readonly Planned[], given: RunNotes = notes()): string =>
  summaryText(summaryOf(runState(items, given)), 'revision default');

const rows: readonly [name: string, items: readonly Planned[], notes: RunNotes, sentences: string[]][] = [
  [
    'all is well',
    [ended('a', 'verified'), current('b')],
    notes(),
    ['The run towards revision default has finished: 1 workload restarted in 8 min, 1 verified, 0 failed.'],
  ],
  [
    'who failed and why',
    [ended('a', 'verified'), gaveUp('b'), gaveUp('bank/c', 'failed:no-sidecar')],
    notes(),
    [
      'The run towards revision default has finished: 3 workloads restarted in 8 min, 1 verified, 2 failed.',
      'Failed: Deployment shop/b (failed:timeout), Deployment bank/c (failed:no-sidecar).',
    ],
  ],
  [
    'what was held back and by whom',
    [
      ended('a', 'verified'),
      waiting('b', 'opted-out'),
      waiting('c', 'opted-out'),
      waiting('d', 'excluded'),
      waiting('bank/e', 'halted', 'namespace'),
      waiting('f', 'unavailable'),
      judged('g', skipped),
      judged('h', { state: 'unknown', reason: reason('match-conditions', '') }),
    ],
    notes(),
    [
      'The run towards revision default has finished: 1 workload restarted in 8 min, 1 verified, 0 failed.',
      'Held back by its owners (opted-out): 2, Deployment shop/b, Deployment shop/c.',
      'Held back by the policy (excluded): 1, Deployment shop/d.',
      'Held back by failed restarts (halted): 1, Deployment bank/e.',
      'Held back by its own state (unavailable): 1, Deployment shop/f.',
      'Held back by the policy (namespace): 1, Deployment shop/g.',
      'Held back by Meltemi (match-conditions): 1, Deployment shop/h.',
    ],
  ],
  [
    'many are named by the first five',
    [ended('z', 'verified'), ...Array.from({ length: 8 }, (_, index) => waiting(`w${index}`, 'opted-out'))],
    notes(),
    [
      'The run towards revision default has finished: 1 workload restarted in 8 min, 1 verified, 0 failed.',
      `Held back by its owners (opted-out): 8, ${[0, 1, 2, 3, 4].map((index) => `Deployment shop/w${index}`).join(', ')} and 3 more.`,
    ],
  ],
  [
    'restarts that the journal has forgotten, and the slowest',
    [ended('a', 'verified')],
    notes({
      startedAt: NOW - 30 * HOUR,
      endedAt: NOW,
      forgotten: 99,
      slowest: { 'Deployment/shop/a': 80_000, 'StatefulSet/bank/db': 25 * MINUTE },
    }),
    [
      'The run towards revision default has finished: 100 workloads restarted in 1 d 6 h, 100 verified, 0 failed.',
      'Slowest: StatefulSet bank/db 25 min, Deployment shop/a 1 min 20 s.',
    ],
  ],
];
for (const [name, items, given, sentences] of rows)
  test(`a summary says ${name}`, () => assert.equal(text(items, given), sentences.join(' ')));

const durations: readonly [milliseconds: number, words: string][] = [
  [0, '0 s'],
  [400, '0 s'],
  [45_000, '45 s'],
  [60_000, '1 min'],
  [250_000, '4 min 10 s'],
  [HOUR + 12 * MINUTE + 5000, '1 h 12 min'],
  [24 * HOUR + 59 * MINUTE, '1 d'],
  [-5000, '0 s'],
];
for (const [milliseconds, words] of durations)
  test(`${milliseconds} ms are ${words}`, () => assert.equal(durationWord(milliseconds), words));
