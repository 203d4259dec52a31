import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answer } from '../../../src/expect/answer.ts';
import { Confirmations } from '../../../src/expect/confirmations.ts';
import type { Question } from '../../../src/expect/question.ts';
import { reason } from '../../../src/reasons.ts';
import { expected, injection } from '../../builders/workload.ts';
import { until } from '../cluster/deadline.ts';

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
  assert.match(confirmations.unconfirmed(injection()) ?? '', /first ask its injector twice/);
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
  assert.equal((await confirmed([silence, silence], 1)).why, 'two answers are needed: no answer, then no answer');
});

test('an epoch stays confirmed as long as it is there, and one that is gone is to be confirmed anew', async () => {
  const ended = Promise.withResolvers<void>();
  const confirmations = new Confirmations({
    probe: () => Promise.resolve(yes('p:1')),
    wait: () => Promise.resolve(),
    signal: new AbortController().signal,
    onEnd: () => ended.resolve(),
  });
  confirmations.begin(question);
  await ended.promise;
  confirmations.keepOnly([injection()]);
  assert.equal(confirmations.unconfirmed(injection()), undefined);
  confirmations.keepOnly([]);
  assert.match(confirmations.unconfirmed(injection()) ?? '', /first ask its injector twice/);
});

describe('the question that is put', () => {
  /** A confirmation whose waits are ended by hand; of these templates no question is answered. */
  function underWay(unanswered: readonly string[]) {
    const asked: string[] = [];
    const ends: (() => void)[] = [];
    const confirmations = new Confirmations({
      probe: async ({ templateHash }) => {
        asked.push(templateHash);
        return unanswered.includes(templateHash) ? silence : yes('p:1');
      },
      wait: () => new Promise((resolve) => ends.push(resolve)),
      signal: new AbortController().signal,
      onEnd: () => undefined,
    });
    return {
      asked,
      offer: (templateHash: string) =>
        confirmations.begin({ injection: injection(), namespace: 'shop', templateHash } as Question),
      /** Ends the wait that the confirmation has come to. */
      waited: async () => {
        await until('a wait', () => ends.length > 0);
        ends.shift()?.();
      },
      confirmed: () => until('the confirmation', () => confirmations.unconfirmed(injection()) === undefined),
    };
  }

  it('is the one that was offered last, from the next pair of probes on', async () => {
    const { asked, offer, waited, confirmed } = underWay(['gone']);
    offer('gone');
    offer('older');
    offer('newest');
    await waited();
    await waited();
    await waited();
    await confirmed();
    assert.deepEqual(asked, ['gone', 'gone', 'newest', 'newest']);
  });

  it('may be offered between two pairs', async () => {
    const { asked, offer, waited, confirmed } = underWay(['gone']);
    offer('gone');
    await waited();
    await until('the second probe', () => asked.length === 2);
    offer('late');
    await waited();
    await waited();
    await confirmed();
    assert.deepEqual(asked, ['gone', 'gone', 'late', 'late']);
  });

  it('is not one that had no answer, though that is always offered last', async () => {
    const { asked, offer, waited, confirmed } = underWay(['poison', 'poison too']);
    offer('poison');
    for (const pair of [1, 2]) {
      await waited();
      await until('the second probe', () => asked.length === 2 * pair);
      for (const each of ['healthy', 'poison', 'poison too']) offer(each);
      await waited();
    }
    await waited();
    await confirmed();
    assert.deepEqual(asked, ['poison', 'poison', 'poison too', 'poison too', 'healthy', 'healthy']);
  });

  const poisons = Array.from({ length: 150 }, (_, i) => `poison ${i}`);
  const whims: [string, (asked: number) => Answer][] = [
    ['that has no answers', () => silence],
    ['whose answers its people change', (asked) => yes(`p:${asked}`)],
  ];
  for (const [name, whim] of whims) {
    it(`is soon another namespace’s, however many one has ${name}`, async () => {
      const asked: string[] = [];
      const offerAll = (): void => {
        for (const namespace of ['poison', 'shop', ...poisons])
          confirmations.begin({
            injection: injection(),
            namespace: namespace === 'shop' ? 'shop' : 'evil',
            templateHash: namespace,
          } as Question);
      };
      const confirmations: Confirmations = new Confirmations({
        probe: async ({ namespace, templateHash }) => {
          asked.push(templateHash);
          return namespace === 'evil' ? whim(asked.length) : yes('p:1');
        },
        wait: () => new Promise(setImmediate),
        signal: new AbortController().signal,
        onEnd: () => offerAll(),
      });
      offerAll();
      offerAll();
      await until('the confirmation', () => confirmations.unconfirmed(injection()) === undefined);
      assert.ok(asked.length <= 8, asked.join());
    });
  }

  it('is the old one where nothing else is offered', async () => {
    const { asked, offer, waited } = underWay(['only']);
    offer('only');
    await waited();
    offer('only');
    await waited();
    await until('another pair', () => asked.length === 3);
    assert.deepEqual(asked, ['only', 'only', 'only']);
  });
});

test('once the process ends, no injector is asked any more', async () => {
  const stop = new AbortController();
  let [asked, ended] = [0, 0];
  const confirmations = new Confirmations({
    probe: async () => {
      asked += 1;
      return silence;
    },
    wait: async () => {
      stop.abort();
      await nextTurn();
    },
    signal: stop.signal,
    onEnd: () => {
      ended += 1;
    },
  });
  confirmations.begin(question);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  confirmations.keepOnly([]);
  assert.deepEqual([asked, ended], [2, 0]);
});
