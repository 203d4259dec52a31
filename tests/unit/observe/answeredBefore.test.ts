import assert from 'node:assert/strict';
import type { KeptAnswer } from '../../../src/expect/keptAnswers.ts';
import { AnsweredBefore, type WithAnswers } from '../../../src/observe/answeredBefore.ts';
import type { Observed } from '../../../src/observe/observed.ts';
import { assessed, expected, injection } from '../../builders/workload.ts';

const BASIS = [{}, true];
const observed = (name: string): Observed => {
  const { workload, groups } = assessed({ name });
  return { workload, templateHash: 'h', groups, onLostNodes: 0, budgets: [] };
};
const keptAnswer = (): KeptAnswer => ({ answer: { kind: 'sidecar', sidecar: expected() }, until: 1, isGone: false });
const answered = (one: Observed, kept?: readonly KeptAnswer[]): WithAnswers => ({
  answered: { ...one, match: { kind: 'entry', entry: injection() } },
  ...(kept && { kept }),
});
const all = ['a', 'b', 'c'].map(observed);

/** Which of the observations need not be answered again. */
function known(before: AnsweredBefore, observations: readonly Observed[], drops = 0): boolean[] {
  const missing = before.missing(observations, drops);
  return observations.map((_, place) => !missing.includes(place));
}

function answeredOnce(kept: readonly KeptAnswer[] = all.map(keptAnswer)): AnsweredBefore {
  const before = new AnsweredBefore();
  before.begin(BASIS);
  const answers = all.map((one, place) => answered(one, place === 2 ? undefined : [kept[place] as KeptAnswer]));
  before.completed(all, new Map(answers.entries()), 0);
  return before;
}

test('what is observed as before is answered as before, unless a question has to be asked again', () =>
  assert.deepEqual(known(answeredOnce(), all), [true, true, false]));

test('another observation is answered again, and so is one in another place', () => {
  assert.deepEqual(known(answeredOnce(), all.with(0, observed('a'))), [false, true, false]);
  assert.deepEqual(known(answeredOnce(), all.slice(1)), [false, false]);
});

test('the answers stand in the places of their observations, also where there are fewer or more than before', () => {
  const before = answeredOnce();
  const [a, b] = all as [Observed, Observed];
  const after = (some: readonly Observed[]): readonly Observed[] =>
    before.completed(
      some,
      new Map(before.missing(some, 0).map((place) => [place, answered(some[place] as Observed, [])])),
      0,
    );
  for (const some of [all, [b, a], [b], [b, a, observed('d'), observed('e')], []])
    assert.deepEqual(
      after(some).map(({ workload }) => workload.name),
      some.map(({ workload }) => workload.name),
    );
});

test('an observation whose answer is gone is answered again', () => {
  const kept = all.map(keptAnswer);
  const before = answeredOnce(kept);
  (kept[1] as KeptAnswer).isGone = true;
  assert.deepEqual(known(before, all, 1), [true, false, false]);
});

test('an evaluation that came to no end leaves nothing behind that is gone', () => {
  const kept = all.map(keptAnswer);
  const before = answeredOnce(kept);
  (kept[1] as KeptAnswer).isGone = true;
  before.missing(all, 1);
  assert.deepEqual(known(before, all, 1), [true, false, false]);
});

test('in another mesh everything is answered again', () => {
  const before = answeredOnce();
  before.begin(BASIS);
  assert.deepEqual(known(before, all), [true, true, false]);
  before.begin([{}, true]);
  assert.deepEqual(known(before, all), [false, false, false]);
});
