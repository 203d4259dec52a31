import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { RunNotification } from '../../../src/notify/messages.ts';
import type { PostResult } from '../../../src/notify/post.ts';
import { ReceiverQueue } from '../../../src/notify/receiverQueue.ts';
import { NEWS_EVENTS, type NewsEvent, type Receiver } from '../../../src/plan/receiver.ts';
import { HOUR, NOW } from '../../builders/workload.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const OK = { status: 200 };

const news = (id: string, at = NOW): RunNotification => ({
  id,
  event: 'halted',
  run: 'run',
  revision: 'default',
  at,
  text: id,
  counts: { outdated: 0, inFlight: 0, verified: 0, failed: 0, waiting: 0 },
  workloads: [],
});

/** A queue in front of a receiver that answers as it is told to; `undefined` is no answer yet. */
class Bench {
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  /** What reached the receiver: the IDs of a webhook, the texts of Slack. */
  readonly got: string[] = [];
  readonly said: string[] = [];
  readonly done: string[] = [];
  answers: PostResult[] = [];
  readonly #kind: Receiver['kind'];
  readonly queue: ReceiverQueue;

  constructor(kind: Receiver['kind'] = 'webhook') {
    this.#kind = kind;
    this.queue = new ReceiverQueue({
      receiver: { kind, urlFile: '/url', events: new Set(Object.keys(NEWS_EVENTS) as NewsEvent[]) },
      origin: { cluster: '', statusUrl: '' },
      post: async (_receiver, body) => {
        const { id, text } = body as { id?: string; text: string };
        this.got.push(id ?? text.replaceAll('\n', ' '));
        return this.answers.shift() ?? OK;
      },
      sleep: (milliseconds, signal) => this.clock.sleep(milliseconds, signal),
      wall: () => NOW + this.clock.now(),
      listener: {
        sent: (_receiver, count) => void this.said.push(`sent ${count}`),
        delayed: (_receiver, problem, retryIn) => void this.said.push(`${problem}, again in ${retryIn / SECOND} s`),
        gaveUp: (_receiver, count, problem) => void this.said.push(`gave up ${count}: ${problem}`),
      },
      done: (all) => void this.done.push(...all.map(({ id }) => id)),
      signal: this.stop.signal,
    });
  }

  async add(...ids: string[]): Promise<void> {
    for (const id of ids) this.queue.add(news(id));
    await this.rest();
    if (this.#kind === 'slack') await this.pass(3 * SECOND);
  }

  async rest(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await setImmediate();
  }

  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.rest();
  }
}

test('a webhook gets one request for each of them, in their order', async () => {
  const bench = new Bench();
  await bench.add('a', 'b', 'c');
  assert.deepEqual(bench.got, ['a', 'b', 'c']);
  assert.deepEqual(bench.done, ['a', 'b', 'c']);
});

test('Slack gets one message for what comes within three seconds', async () => {
  const bench = new Bench('slack');
  bench.queue.add(news('a'));
  await bench.pass(2 * SECOND);
  assert.deepEqual(bench.got, []);
  bench.queue.add(news('b'));
  await bench.pass(SECOND);
  assert.deepEqual(bench.got, ['*meltemi* *halted*: a *halted*: b']);
  assert.deepEqual(bench.said, ['sent 2']);
});

test('what waits already is not added again', async () => {
  const bench = new Bench();
  bench.answers = [{ problem: 'no' }];
  await bench.add('a', 'a');
  bench.queue.add(news('a'));
  await bench.pass(2 * SECOND);
  assert.deepEqual(bench.got, ['a', 'a']);
  assert.deepEqual(bench.done, ['a']);
});

test('nor does a message of Slack say it twice', async () => {
  const bench = new Bench('slack');
  await bench.add('a', 'b', 'a');
  assert.deepEqual(bench.got, ['*meltemi* *halted*: a *halted*: b']);
});

const retried: readonly [name: string, result: PostResult, pause: number, words: string][] = [
  ['no answer', { problem: 'no answer within 10 s' }, 2 * SECOND, 'no answer within 10 s, again in 2 s'],
  ['500', { status: 500 }, 2 * SECOND, 'it answers 500, again in 2 s'],
  ['503 with a time', { status: 503, retryAfter: 30 * SECOND }, 30 * SECOND, 'it answers 503, again in 30 s'],
  ['503 with no time at all', { status: 503, retryAfter: 0 }, 2 * SECOND, 'it answers 503, again in 2 s'],
  ['429', { status: 429 }, 2 * SECOND, 'it answers 429, again in 2 s'],
  ['429 with a time', { status: 429, retryAfter: 60 * SECOND }, 60 * SECOND, 'it answers 429, again in 60 s'],
  ['408', { status: 408 }, 2 * SECOND, 'it answers 408, again in 2 s'],
];
for (const [name, result, pause, words] of retried)
  test(`after ${name} it is tried again`, async () => {
    const bench = new Bench();
    bench.answers = [result];
    await bench.add('a');
    await bench.pass(pause - 1);
    assert.deepEqual(bench.got, ['a']);
    await bench.pass(1);
    assert.deepEqual(bench.got, ['a', 'a']);
    assert.deepEqual(bench.said, [words, 'sent 1']);
    assert.deepEqual(bench.done, ['a']);
  });

test('tries become rarer, up to five minutes', async () => {
  const bench = new Bench();
  bench.answers = Array.from({ length: 10 }, () => ({ status: 500 }));
  await bench.add('a');
  for (let tries = 0; tries < 9; tries++) await bench.pass(5 * MINUTE);
  const pauses = bench.said.map((words) => /again in (\d+) s/.exec(words)?.[1]);
  assert.deepEqual(pauses, ['2', '4', '8', '16', '32', '64', '128', '256', '300', '300']);
});

const refused: readonly [status: number, words: string][] = [
  [400, 'gave up 1: it answers 400'],
  [404, 'gave up 1: it answers 404'],
  [302, 'gave up 1: it answers 302, and redirects are not followed'],
];
for (const [status, words] of refused)
  test(`after ${status} it is given up, and the next one is sent`, async () => {
    const bench = new Bench();
    bench.answers = [{ status }];
    await bench.add('a', 'b');
    assert.deepEqual(bench.said, [words, 'sent 1']);
    assert.deepEqual(bench.got, ['a', 'b']);
    assert.deepEqual(bench.done, ['a', 'b']);
  });

test('what is a day old is given up', async () => {
  const bench = new Bench();
  bench.answers = Array.from({ length: 400 }, () => ({ problem: 'no' }));
  await bench.add('a');
  for (let hours = 0; hours < 26; hours++) await bench.pass(HOUR);
  assert.equal(bench.said.at(-1), 'gave up 1: it could not be reached for a day');
  assert.deepEqual(bench.done, ['a']);
});

test('of more than 200 that wait the oldest are given up', async () => {
  const bench = new Bench();
  bench.answers = [{ problem: 'no' }];
  await bench.add(...Array.from({ length: 203 }, (_, index) => `n${index}`));
  assert.deepEqual(bench.done, ['n0', 'n1', 'n2']);
  await bench.pass(5 * SECOND);
  assert.equal(bench.got.at(-1), 'n202');
});

test('when the term has ended nothing more is sent, and nothing counts as sent', async () => {
  const bench = new Bench();
  bench.answers = [{ problem: 'no' }];
  await bench.add('a');
  bench.stop.abort();
  await bench.pass(5 * MINUTE);
  bench.queue.add(news('b'));
  await bench.pass(5 * MINUTE);
  assert.deepEqual(bench.got, ['a']);
  assert.deepEqual(bench.done, []);
});
