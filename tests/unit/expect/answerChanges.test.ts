import assert from 'node:assert/strict';
import type { Answer } from '../../../src/expect/answer.ts';
import { AnswerChanges } from '../../../src/expect/answerChanges.ts';
import type { Question } from '../../../src/expect/question.ts';
import { sidecarConfig } from '../../../src/pods/sidecarConfig.ts';
import { expected, injection, workload } from '../../builders/workload.ts';

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
