import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../src/expect/answer.ts';
import { Confirmations } from '../../../src/expect/confirmations.ts';
import type { Question } from '../../../src/expect/injectors.ts';
import { reason } from '../../../src/reasons.ts';
import { expected, injection } from '../../builders/workload.ts';

const yes = (image: string): Answer => ({ kind: 'sidecar', sidecar: expected({ image }) });
const silence: Answer = { kind: 'unknown', reason: reason('injector-unreachable', 'no answer') };
const question = { injection: injection() } as Question;

/** Plays the answers in turn; the waits pass at once. Resolves when so many confirmations have ended. */
async function confirmed(
  answers: readonly Answer[],
  ends: number,
): Promise<{ why: string | undefined; asked: number; waits: number[] }> {
  const waits: number[] = [];
  let [asked, ended] = [0, 0];
  const done = Promise.withResolvers<void>();
  const confirmations: Confirmations = new Confirmations({
    probe: () => Promise.resolve(answers[asked++] ?? silence),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    signal: new AbortController().signal,
    onEnd: () => {
      ended += 1;
      if (ended < ends) return;
      done.resolve();
    },
  });
  assert.match(confirmations.unconfirmed(injection()) ?? '', /asked twice first/);
  confirmations.begin(question);
  confirmations.begin(question);
  await done.promise;
  const why = confirmations.unconfirmed(injection());
  const soFar = { why, asked, waits: [...waits] };
  confirmations.keepOnly([]);
  return soFar;
}

test('two equal answers, ten seconds apart, confirm an epoch once', async () => {
  assert.deepEqual(await confirmed([yes('p:1'), yes('p:1')], 1), { why: undefined, asked: 2, waits: [10_000] });
});

test('two different answers do not, and say so', async () => {
  const { why } = await confirmed([yes('p:1'), yes('p:2')], 1);
  assert.match(why ?? '', /two answers differ: p:1 \(default\), then p:2 \(default\)/);
});

test('a disagreement is probed again until it ends', async () => {
  assert.equal((await confirmed([yes('p:1'), yes('p:2'), yes('p:2'), yes('p:2')], 2)).why, undefined);
});

test('silence twice is no confirmation, and no difference', async () => {
  assert.equal((await confirmed([silence, silence], 1)).why, 'two answers are wanted: no answer, then no answer');
});

test('an epoch that is gone is to be confirmed anew', async () => {
  const confirmations = new Confirmations({
    probe: () => Promise.resolve(yes('p:1')),
    wait: () => Promise.resolve(),
    signal: new AbortController().signal,
    onEnd: () => undefined,
  });
  confirmations.keepOnly([]);
  assert.match(confirmations.unconfirmed(injection()) ?? '', /asked twice first/);
});
