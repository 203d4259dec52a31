import assert from 'node:assert/strict';
import { Journal } from '../../../src/journal/journal.ts';
import { keyOf } from '../../../src/model.ts';
import type { NewsListener } from '../../../src/notify/notifier.ts';
import { Notifier } from '../../../src/notify/notifier.ts';
import type { PostResult } from '../../../src/notify/post.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import { NEWS_EVENTS, type NewsEvent, type Receiver } from '../../../src/plan/receiver.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { restarted } from '../../builders/journal.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { context } from '../../builders/policy.ts';
import { ended, gaveUp, inFlight, notes, waiting } from '../../builders/runs.ts';
import { HOUR, NOW } from '../../builders/workload.ts';
import { until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

const EVENTS = Object.keys(NEWS_EVENTS) as NewsEvent[];
const hook = (urlFile: string, events: readonly NewsEvent[] = EVENTS): Receiver => ({
  kind: 'webhook',
  urlFile,
  events: new Set(events),
});

/** Where messages arrive, whoever leads: by the receiver's file. */
class Receivers {
  readonly got: { readonly to: string; readonly event: string; readonly id: string }[] = [];
  /** Receivers that do not answer now. */
  readonly hanging = new Set<string>();
  readonly refusing = new Set<string>();
  /** Receivers whose requests fail now, and are sent again. */
  readonly failing = new Set<string>();

  /** Answers those that hang. */
  answer: (result: PostResult) => void = () => undefined;
  /** After so many requests nobody answers. */
  hangingAfter: number | undefined;

  readonly post = async ({ urlFile }: Pick<Receiver, 'urlFile'>, body: object): Promise<PostResult> => {
    const { event, id } = body as { event: string; id: string };
    this.got.push({ to: urlFile, event, id });
    if (this.hanging.has(urlFile) || this.got.length > (this.hangingAfter ?? Infinity))
      return new Promise((resolve) => (this.answer = resolve));
    if (this.failing.has(urlFile)) return { status: 500 };
    return { status: this.refusing.has(urlFile) ? 410 : 200 };
  };

  events(to: string): string[] {
    return this.got.filter((one) => one.to === to).map(({ event }) => event);
  }
}

/** A process that leads, over a Lease that others may have led with before. */
class Leader {
  readonly term = new AbortController();
  readonly clock = new FakeClock();
  readonly said: string[] = [];
  readonly journal: Journal;
  readonly notifier: Notifier;
  notify: readonly Receiver[] = [hook('/a')];

  constructor(store: FakeStore, receivers: Receivers) {
    const say = (words: string): void => void this.said.push(words);
    const listener: NewsListener = {
      news: (_run, event) => say(event),
      finished: (_run, { restarted }) => say(`finished ${restarted}`),
      trouble: () => say('trouble'),
      sent: ({ urlFile }, count) => say(`sent ${count} to ${urlFile}`),
      delayed: ({ urlFile }) => say(`delayed ${urlFile}`),
      gaveUp: ({ urlFile }, count) => say(`gave up ${count} to ${urlFile}`),
    };
    this.journal = new Journal({ store, now: () => NOW, wall: () => NOW, onError: () => undefined });
    this.journal.load();
    this.notifier = new Notifier({
      journal: this.journal,
      policy: () => ({ notify: this.notify }),
      origin: { cluster: '', statusUrl: '' },
      post: receivers.post,
      sleep: (milliseconds, signal) => this.clock.sleep(milliseconds, signal),
      wall: () => NOW,
      listener,
    });
    this.notifier.begin(this.term.signal);
  }

  async sees(...items: readonly Planned[]): Promise<number | undefined> {
    return this.notifier.evaluated(evaluation(items), context());
  }

  /** Nothing waits for a receiver any more, in the store too. */
  async quiet(store: FakeStore): Promise<void> {
    await until('receivers to be told', () => !store.stored?.includes('"untold":[{'));
  }
}

/** A cluster in which a run has started. */
function bench() {
  const store = new FakeStore();
  const receivers = new Receivers();
  const leader = new Leader(store, receivers);
  leader.journal.note('run', notes());
  return { store, receivers, leader };
}

test('news are told once, however often they are seen', async () => {
  const { store, receivers, leader } = bench();
  await leader.sees(inFlight('a'));
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
  await leader.sees(inFlight('a'));
  assert.deepEqual(receivers.events('/a'), ['started']);
  assert.deepEqual(leader.said, ['started', 'sent 1 to /a']);
});

test('news that come later make nobody hear of the earlier ones again', async () => {
  const { store, receivers, leader } = bench();
  await leader.sees(inFlight('a'));
  await leader.sees(inFlight('a'), gaveUp('b'));
  await leader.sees(inFlight('a'), gaveUp('b'));
  await leader.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['started', 'gave-up']);
});

test('a receiver that gets one of several news still waits for the others after a crash', async () => {
  const { store, receivers, leader } = bench();
  receivers.failing.add('/a');
  await leader.sees(inFlight('a'), gaveUp('b'));
  await until('the first try', () => leader.clock.sleeping.length === 1);
  receivers.failing.clear();
  receivers.hangingAfter = 2;
  leader.clock.advance(HOUR);
  await until('the second to be under way', () => receivers.got.length === 3);
  await leader.journal.stored();
  leader.term.abort();
  receivers.hangingAfter = undefined;
  const next = new Leader(store, receivers);
  await next.sees(inFlight('a'), gaveUp('b'));
  await next.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['started', 'started', 'gave-up', 'gave-up']);
});

test('of very many news of a run the latest wait', async () => {
  const { receivers, leader } = bench();
  receivers.hanging.add('/a');
  const all = Array.from({ length: 45 }, (_, index) => gaveUp(`b${index}`));
  await leader.sees(...all);
  const untold = leader.journal.notes.get('run')?.untold ?? [];
  const names = untold.filter(({ event }) => event === 'gave-up').map(({ workloads }) => workloads[0]?.name);
  assert.deepEqual([untold.length, names.includes('b0'), names.includes('b44')], [40, false, true]);
});

test('a run that begins anew has news with IDs of their own', async () => {
  const { store, receivers, leader } = bench();
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
  leader.journal.note('run', { startedAt: NOW - HOUR, told: [] });
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
  assert.equal(new Set(receivers.got.map(({ id }) => id)).size, 2);
});

test('the next leader tells nothing again', async () => {
  const { store, receivers, leader } = bench();
  await leader.sees(inFlight('a'), gaveUp('b'));
  await leader.quiet(store);
  leader.term.abort();
  const next = new Leader(store, receivers);
  await next.sees(inFlight('a'), gaveUp('b'));
  await next.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['started', 'gave-up']);
});

test('what was not sent before a crash is sent after it, to those who have not got it', async () => {
  const { store, receivers, leader } = bench();
  leader.notify = [hook('/a'), hook('/b')];
  receivers.hanging.add('/b');
  await leader.sees(inFlight('a'));
  await until('/a to have it', () => leader.said.includes('sent 1 to /a'));
  await until('that to be stored', () => store.stored?.includes('"to":["webhook:/b"]') === true);
  leader.term.abort();
  receivers.hanging.clear();
  const next = new Leader(store, receivers);
  next.notify = leader.notify;
  await next.sees(inFlight('a'));
  await next.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['started']);
  assert.deepEqual(receivers.events('/b'), ['started', 'started']);
  const ids = receivers.got.map(({ id }) => id);
  assert.equal(new Set(ids).size, 1, 'the same ID tells the receiver that it is the same');
});

test('nothing is sent before it is stored', async () => {
  const { store, receivers, leader } = bench();
  await leader.journal.stored();
  store.failing = new Error('no API server');
  await leader.sees(inFlight('a'));
  await until('the failure', () => leader.said.includes('trouble'));
  assert.deepEqual(receivers.got, []);
  store.failing = undefined;
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['started']);
});

test('what is news meanwhile waits for its own write', async () => {
  const { store, receivers, leader } = bench();
  await leader.journal.stored();
  const opened = Promise.withResolvers<void>();
  const keep = store.keep.bind(store);
  let writes = 0;
  store.keep = async (text) => {
    if (text.includes('"event":"gave-up"')) throw new Error('too late');
    writes += 1;
    if (writes === 2) await opened.promise;
    return keep(text);
  };
  await leader.sees(inFlight('a'));
  await until('the write that the first waits for', () => writes === 2);
  await leader.sees(inFlight('a'), gaveUp('b'));
  opened.resolve();
  await until('the first to be sent', () => leader.said.includes('sent 1 to /a'));
  await until('the failure', () => leader.said.includes('trouble'));
  assert.deepEqual(receivers.events('/a'), ['started']);
});

test('a receiver that hangs keeps nothing from the others', async () => {
  const { receivers, leader } = bench();
  leader.notify = [hook('/a'), hook('/b')];
  receivers.hanging.add('/a');
  await leader.sees(inFlight('a'));
  await until('/b to have it', () => leader.said.includes('sent 1 to /b'));
  await leader.sees(inFlight('a'), gaveUp('b'));
  await until('/b to have the next', () => receivers.events('/b').length === 2);
  assert.deepEqual(receivers.events('/a'), ['started']);
});

test('a receiver is told of the events that it wants', async () => {
  const { store, receivers, leader } = bench();
  leader.notify = [hook('/a', ['gave-up']), hook('/b', ['started'])];
  await leader.sees(inFlight('a'), gaveUp('b'));
  await leader.quiet(store);
  assert.deepEqual([receivers.events('/a'), receivers.events('/b')], [['gave-up'], ['started']]);
});

test('a receiver that is new in the policy is not told of what was news before', async () => {
  const { store, receivers, leader } = bench();
  leader.notify = [];
  await leader.sees(inFlight('a'));
  leader.notify = [hook('/a')];
  await leader.sees(inFlight('a'), gaveUp('b'));
  await leader.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['gave-up']);
});

test('a receiver that the policy no longer names is not told, and is forgotten', async () => {
  const { store, receivers, leader } = bench();
  receivers.hanging.add('/a');
  await leader.sees(inFlight('a'));
  await until('the request', () => receivers.got.length === 1);
  leader.notify = [];
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
});

test('… and what it did not take is not sent to it again', async () => {
  const { store, receivers, leader } = bench();
  receivers.failing.add('/a');
  await leader.sees(inFlight('a'));
  await until('the wait for the next try', () => leader.clock.sleeping.length === 1);
  leader.notify = [];
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
  leader.clock.advance(HOUR);
  await new Promise(setImmediate);
  assert.equal(receivers.got.length, 1);
});

test('what a receiver refuses is not sent again, by the next leader either', async () => {
  const { store, receivers, leader } = bench();
  receivers.refusing.add('/a');
  await leader.sees(inFlight('a'));
  await leader.quiet(store);
  leader.term.abort();
  const next = new Leader(store, receivers);
  await next.sees(inFlight('a'));
  assert.deepEqual(receivers.events('/a'), ['started']);
  assert.ok(leader.said.includes('gave up 1 to /a'));
});

test('that news cannot be stored because the term has ended is no trouble', async () => {
  const { store, leader } = bench();
  await leader.journal.stored();
  const kept = Promise.withResolvers<void>();
  store.keep = () => kept.promise;
  await leader.sees(inFlight('a'));
  leader.term.abort();
  kept.reject(new Error('this process does not lead'));
  await new Promise(setImmediate);
  assert.deepEqual(leader.said, ['started']);
});

test('what a receiver answers after the term is not said any more', async () => {
  const { receivers, leader } = bench();
  receivers.hanging.add('/a');
  await leader.sees(inFlight('a'));
  await until('the request', () => receivers.got.length === 1);
  leader.term.abort();
  receivers.answer({ status: 500 });
  await new Promise(setImmediate);
  assert.deepEqual(leader.said, ['started']);
});

test('a message that waits for others is not sent after the term', async () => {
  const { receivers, leader } = bench();
  leader.notify = [{ ...hook('/a'), kind: 'slack' }];
  await leader.sees(inFlight('a'));
  await until('the wait', () => leader.clock.sleeping.length === 1);
  leader.term.abort();
  await new Promise(setImmediate);
  assert.deepEqual(receivers.got, []);
});

test('after the term nothing is sent', async () => {
  const { receivers, leader } = bench();
  leader.term.abort();
  await leader.sees(inFlight('a'));
  assert.deepEqual([receivers.got, leader.said], [[], []]);
});

test('the end of a run is said once, with its summary, whether or not anybody is told', async () => {
  const { store, receivers, leader } = bench();
  leader.notify = [];
  await leader.sees(ended('a', 'verified'), waiting('b', 'opted-out'));
  const next = new Leader(store, receivers);
  await next.sees(ended('a', 'verified'), waiting('b', 'opted-out'));
  assert.deepEqual([...leader.said, ...next.said], ['started', 'finished 1']);
});

test('it says when a run may have finished', async () => {
  const { leader } = bench();
  leader.journal.note('run', { endedAt: NOW - 5000 });
  assert.equal(await leader.sees(ended('a', 'verified')), 15_000);
  assert.equal(await leader.sees(inFlight('a')), undefined);
});

test('a run of whose restarts nothing is left ends without a word, and asks for no look after look', async () => {
  const { store, receivers, leader } = bench();
  assert.equal(await leader.sees(), undefined);
  await leader.journal.stored();
  const next = new Leader(store, receivers);
  assert.equal(await next.sees(ended('a', 'verified')), undefined);
  assert.deepEqual([...leader.said, ...next.said], []);
});

test('a run whose only restart ends with the deletion of its workload ends, too', async () => {
  const leader = new Leader(new FakeStore(), new Receivers());
  const { journal, said } = leader;
  const one = inFlight('a');
  await journal.begin(one.workload, restarted(0, undefined, { confirmed: false }));
  journal.note('run', { startedAt: NOW - HOUR });
  await leader.sees(one);
  assert.deepEqual(said, ['started']);
  journal.forget(keyOf(one.workload));
  assert.equal(await leader.sees(), 20_000, 'it may have finished then');
  assert.equal(journal.notes.get('run')?.endedAt, NOW);
});

test('news of a run whose injector is gone still reach those who wait for them', async () => {
  const { store, receivers, leader } = bench();
  receivers.hanging.add('/a');
  await leader.sees(inFlight('a'));
  await until('the request', () => receivers.got.length === 1);
  leader.journal.keepOnly([]);
  await leader.journal.stored();
  leader.term.abort();
  receivers.hanging.clear();
  const next = new Leader(store, receivers);
  await next.sees(inFlight('a'));
  await next.quiet(store);
  assert.deepEqual(receivers.events('/a'), ['started', 'started']);
});
