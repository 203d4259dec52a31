import assert from 'node:assert/strict';
import type { Answer } from '../../../src/expect/answer.ts';
import { KeptAnswers } from '../../../src/expect/keptAnswers.ts';
import { reason } from '../../../src/reasons.ts';
import { expected, HOUR, MINUTE } from '../../builders/workload.ts';

const KEY = 'epoch/shop/hash';
const sidecar = (image = 'proxyv2:1'): Answer => ({ kind: 'sidecar', sidecar: expected({ image }) });
const refusal: Answer = { kind: 'unknown', reason: reason('injector-refused', 'no') };
const bad: Answer = { kind: 'unknown', reason: reason('bad-answer', 'no') };

interface Then {
  readonly kept: KeptAnswers;
  readonly pass: (milliseconds: number) => void;
}

const rows: [string, (then: Then) => unknown, isGone: boolean][] = [
  ['an equal answer', ({ kept }) => kept.keep(KEY, sidecar()), false],
  ['another answer', ({ kept }) => kept.keep(KEY, sidecar('proxyv2:2')), true],
  ['a bad answer', ({ kept }) => kept.keep(KEY, bad), true],
  ['an answer to another question', ({ kept }) => kept.keep('epoch/shop/other', sidecar('proxyv2:2')), false],
  ['being forgotten with its namespace', ({ kept }) => kept.forget('epoch/shop/'), true],
  ['another epoch', ({ kept }) => kept.keepOnly(new Set(['other'])), true],
  ['its own epoch', ({ kept }) => kept.keepOnly(new Set(['epoch'])), false],
  ['an hour', ({ kept, pass }) => [pass(HOUR), kept.prune()], true],
  [
    'an hour in which it was given again',
    ({ kept, pass }) => {
      pass(HOUR / 2);
      kept.keep(KEY, sidecar());
      pass(HOUR / 2);
      kept.prune();
    },
    false,
  ],
];

test.each(rows)('a kept answer after %s', (_, happens, isGone) => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  const first = sidecar();
  kept.keep(KEY, first);
  const known = kept.kept(KEY);
  const { drops } = kept;
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  happens({ kept, pass });
  assert.equal(known?.isGone, isGone);
  assert.equal(kept.drops > drops, isGone);
  // the same object, so that nothing that rests on it is made again
  assert.equal(kept.of(KEY) === first, !isGone);
});

for (const [what, before] of [
  ['a new answer', undefined],
  ['an answer that is given again', sidecar()],
] as const) {
  test(`${what} soon after its injector has changed is kept for five minutes, for it may be of an old replica`, () => {
    let now = 0;
    const kept = new KeptAnswers(() => now);
    kept.keep(KEY, sidecar());
    now = HOUR;
    if (before) kept.keep(KEY, before);
    else kept.forget(KEY);
    kept.unsettle();
    now += MINUTE;
    kept.keep(KEY, sidecar());
    const known = kept.kept(KEY);
    now += 5 * MINUTE;
    kept.prune();
    assert.equal(known?.isGone, true);
    kept.keep(KEY, sidecar());
    now += HOUR - MINUTE;
    kept.prune();
    assert.ok(kept.of(KEY), 'later answers are kept for an hour');
  });
}

test('the first answers of an epoch are kept for five minutes: how long ago it began is not known', () => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  const lasts = (key: string): number => {
    kept.keep(key, sidecar());
    return (kept.kept(key)?.until ?? 0) - now;
  };
  assert.equal(lasts('epoch/shop/1'), 5 * MINUTE);
  now = 4 * MINUTE;
  assert.equal(lasts('epoch/shop/2'), 5 * MINUTE);
  now = 5 * MINUTE;
  assert.equal(lasts('epoch/shop/2'), HOUR);
  assert.equal(lasts('next/shop/2'), 5 * MINUTE);
  kept.keepOnly(new Set(['next']));
  assert.equal(lasts('epoch/shop/2'), 5 * MINUTE, 'it is seen anew');
});

test('a refusal is asked again after a minute, and one that was followed by an answer is not', () => {
  const kept = new KeptAnswers(() => 0);
  kept.keep(KEY, refusal);
  assert.deepEqual(kept.retryTimes(), [MINUTE]);
  kept.keep(KEY, sidecar());
  assert.deepEqual(kept.retryTimes(), []);
});

test.each([
  ['as before', sidecar()],
  ['otherwise than before', sidecar('proxyv2:2')],
])('a question that failed alone and was answered %s is no longer in trouble', (_, answer) => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  kept.keep(KEY, sidecar());
  // right before a write, and again in the next attempt
  kept.failedAlone(KEY, bad);
  now += MINUTE;
  kept.keep(KEY, answer);
  assert.equal(kept.trouble(KEY), undefined);
});

test('a bad answer is no answer: its question has failed alone, and is due after its back-off', () => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  kept.keep(KEY, bad);
  assert.deepEqual([kept.of(KEY), kept.trouble(KEY)], [undefined, { answer: bad, isDue: false }]);
  now = MINUTE;
  assert.equal(kept.trouble(KEY)?.isDue, true);
});

test('an answer that is too old is none, even before it is pruned', () => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  kept.keep(KEY, sidecar());
  now = 5 * MINUTE - 1;
  assert.ok(kept.of(KEY));
  now = 5 * MINUTE;
  assert.equal(kept.of(KEY), undefined);
});

test('each answer is gone once it is too old, whichever was before it', () => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  const all = ['1', '2'].map((name) => {
    kept.keep(`epoch/shop/${name}`, sidecar());
    now += MINUTE;
    return kept.kept(`epoch/shop/${name}`);
  });
  const gone = [5, 6].map((minutes) => {
    now = minutes * MINUTE;
    kept.prune();
    return all.map((one) => one?.isGone);
  });
  assert.deepEqual(gone, [
    [true, false],
    [true, true],
  ]);
});

test('an answer that will end earlier than was known counts as dropped', () => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  kept.keep(KEY, sidecar());
  now = 5 * MINUTE;
  kept.keep(KEY, sidecar());
  const { drops } = kept;
  kept.unsettle();
  kept.keep(KEY, sidecar());
  assert.equal(kept.drops, drops + 1);
});

const troubles: [string, (then: Then) => unknown, isOver: boolean][] = [
  ['its namespace is forgotten', ({ kept }) => kept.forget('epoch/shop/'), true],
  ['another namespace is forgotten', ({ kept }) => kept.forget('epoch/bank/'), false],
  ['its epoch is over', ({ kept }) => kept.keepOnly(new Set(['next'])), true],
  ['another epoch is over', ({ kept }) => kept.keepOnly(new Set(['epoch'])), false],
  ['nobody has asked it for an hour', ({ kept, pass }) => [pass(HOUR + MINUTE), kept.prune()], true],
  ['its back-off has passed', ({ kept, pass }) => [pass(MINUTE), kept.prune()], false],
];
test.each(troubles)('the failures of a question that failed alone, when %s', (_, happens, isOver) => {
  let now = 0;
  const kept = new KeptAnswers(() => now);
  kept.failedAlone(KEY, bad);
  const pass = (milliseconds: number): void => {
    now += milliseconds;
  };
  happens({ kept, pass });
  assert.equal(kept.trouble(KEY) === undefined, isOver);
});

test('no more than 100,000 answers are kept, the newest', () => {
  const kept = new KeptAnswers(() => 0);
  const answer = sidecar();
  for (let i = 0; i < 100_000; i++) kept.keep(`epoch/shop/${i}`, answer);
  for (const again of [0, 100_000]) kept.keep(`epoch/shop/${again}`, answer);
  const known = [0, 1, 2, 100_000].map((i) => kept.of(`epoch/shop/${i}`) !== undefined);
  assert.deepEqual(known, [true, false, true, true]);
});

test('no more than 100,000 questions that failed alone are remembered, those that failed last', () => {
  const kept = new KeptAnswers(() => 0);
  for (let i = 0; i < 100_000; i++) kept.failedAlone(`epoch/shop/${i}`, bad);
  for (const again of [0, 100_000]) kept.failedAlone(`epoch/shop/${again}`, bad);
  const known = [0, 1, 2, 100_000].map((i) => kept.trouble(`epoch/shop/${i}`) !== undefined);
  assert.deepEqual(known, [true, false, true, true]);
});
