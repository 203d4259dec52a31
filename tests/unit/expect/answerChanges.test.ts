import assert from 'node:assert/strict';
import type { Answer } from '../../../src/expect/answer.ts';
import { AnswerChanges } from '../../../src/expect/answerChanges.ts';
import type { Question } from '../../../src/expect/question.ts';
import { sidecarConfig } from '../../../src/pods/sidecarConfig.ts';
import { reason } from '../../../src/reasons.ts';
import { expected, injection, MINUTE, workload } from '../../builders/workload.ts';

const { template } = workload();
const QUESTION: Question = {
  injection: injection(),
  namespace: 'shop',
  name: 'web',
  template,
  templateHash: 'h',
  config: true,
};
const answer = (argument: string): Answer => {
  const config = sidecarConfig({ args: [argument] });
  return { kind: 'sidecar', sidecar: { ...expected(), ...(config && { config }) } };
};

/** Answers of an injector, one after the other, and whether they are a change of the first one. */
const rows: [name: string, answers: string[], changes: number][] = [
  ['the same configuration is no change', ['a', 'a'], 0],
  ['another configuration is a change', ['a', 'b', 'b'], 1],
  ['a configuration that is another one each time is none', ['a', 'b', 'c'], 0],
];
for (const [name, answers, expectedChanges] of rows)
  test(name, async () => {
    const [first = '', ...next] = answers;
    let changes = 0;
    const watched = new AnswerChanges({
      now: () => 0,
      ask: async () => answer(next.shift() ?? assert.fail('asked once too often')),
      isFailing: () => false,
      onChange: () => {
        changes += 1;
      },
      onNamespaceChange: () => assert.fail('no change of a namespace'),
    });
    watched.add(QUESTION, answer(first));
    // a different answer in between lets the sample be checked at once, unless only the configuration differs
    watched.add(QUESTION, { kind: 'no-sidecar' }, answer(first));
    await watched.recheck([injection()]);
    assert.deepEqual([changes, next], [expectedChanges, []]);
  });

const unknown = (code: 'bad-answer' | 'injector-refused'): Answer => ({ kind: 'unknown', reason: reason(code, 'no') });

test.each<[name: string, answered: Answer]>([
  ['declined', { kind: 'no-sidecar' }],
  ['refused', unknown('injector-refused')],
])('of one namespace, a template that is injected is asked again, and none that is %s', async (_, answered) => {
  let now = 0;
  const asked: string[] = [];
  const watched = new AnswerChanges({
    now: () => now,
    ask: async ({ name }) => {
      asked.push(name);
      return answer('a');
    },
    isFailing: () => false,
    onChange: () => assert.fail('no change'),
    onNamespaceChange: () => assert.fail('no change of a namespace'),
  });
  watched.add({ ...QUESTION, name: 'other' }, answered);
  watched.add(QUESTION, answer('a'));
  now = MINUTE;
  await watched.recheck([injection()]);
  assert.deepEqual(asked, ['web']);
});

/** The answer that was kept, the one that came in its place, and whether the injector is asked again at once. */
const news: [name: string, before: Answer, after: Answer, isNews: boolean][] = [
  ['no sidecar', answer('a'), { kind: 'no-sidecar' }, true],
  ['a refusal', answer('a'), unknown('injector-refused'), true],
  ['an answer after a refusal', unknown('injector-refused'), answer('a'), true],
  ['another configuration', answer('a'), answer('b'), false],
  ['a bad answer', answer('a'), unknown('bad-answer'), false],
];
test.each(news)('%s in the place of another answer', async (_, before, after, isNews) => {
  let asked = 0;
  const watched = new AnswerChanges({
    now: () => 0,
    ask: async () => {
      asked += 1;
      return before;
    },
    isFailing: () => false,
    onChange: () => assert.fail('no change'),
    onNamespaceChange: () => assert.fail('no change of a namespace'),
  });
  watched.add({ ...QUESTION, namespace: 'bank' }, answer('a'));
  watched.add(QUESTION, after, before);
  await watched.recheck([injection()]);
  assert.equal(asked, Number(isNews));
});

/** What was answered before one namespace's answers have changed, and what a restart has found by now. */
const ofOne: [name: string, asked: [namespace: string, name: string][], found?: string][] = [
  [
    'what changes for all templates of one namespace',
    [
      ['shop', 'web'],
      ['shop', 'api'],
      ['bank', 'web'],
    ],
  ],
  [
    'what a restart finds in a namespace that would not be asked again',
    [
      ['bank', 'web'],
      ['park', 'web'],
    ],
    'shop',
  ],
];
for (const [name, asked, found] of ofOne)
  test(`${name} is no change of the injector`, async () => {
    let now = 0;
    const changed: string[] = [];
    const watched = new AnswerChanges({
      now: () => now,
      ask: async ({ namespace }) => answer(namespace === 'shop' ? 'b' : 'a'),
      isFailing: () => false,
      onChange: () => assert.fail('no change of the injector'),
      onNamespaceChange: (_, namespace) => changed.push(namespace),
    });
    for (const [namespace, workloadName] of asked)
      watched.add({ ...QUESTION, namespace, name: workloadName }, answer('a'));
    if (found) watched.add({ ...QUESTION, namespace: found }, { kind: 'no-sidecar' }, answer('a'));
    else now = MINUTE;
    await watched.recheck([injection()]);
    now += MINUTE;
    await watched.recheck([injection()]);
    assert.deepEqual(changed, ['shop'], 'it is told once');
  });
