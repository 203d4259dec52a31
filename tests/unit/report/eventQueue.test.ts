import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { EventDraft } from '../../../src/model.ts';
import { EventQueue } from '../../../src/report/eventQueue.ts';
import { until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

const event = (name: string, reason = 'SidecarOutdated', message = 'old', type: EventDraft['type'] = 'Normal') => ({
  type,
  reason,
  message,
  about: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name, uid: `u-${name}` },
});
const warning = (name: string): EventDraft => event(name, 'RestartFailed', 'bad', 'Warning');
const outdated = (count: number): EventDraft[] => Array.from({ length: count }, (_, index) => event(`w${index}`));

/** A queue at an API server that answers when it is told to. */
class Bench {
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  readonly sent: EventDraft[] = [];
  readonly dropped: number[] = [];
  readonly #answers: ((error?: Error) => void)[] = [];
  prompt = true;
  readonly queue = new EventQueue({
    clock: this.clock,
    signal: this.stop.signal,
    dropped: (count) => this.dropped.push(count),
    send: (draft) => {
      this.sent.push(draft);
      if (this.prompt) return Promise.resolve();
      return new Promise((resolve, reject) => this.#answers.push((error) => (error ? reject(error) : resolve())));
    },
  });

  get inFlight(): number {
    return this.#answers.length;
  }

  get names(): string[] {
    return this.sent.map(({ about }) => about.name);
  }

  emit(drafts: readonly EventDraft[]): void {
    for (const draft of drafts) void this.queue.emit(draft).catch(() => undefined);
  }

  answer(error?: Error): void {
    this.#answers.shift()?.(error);
  }

  /** Lets everything happen that needs no time. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) await setImmediate();
  }

  async pass(milliseconds: number, step = 100): Promise<void> {
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.advance(step);
      await this.rest();
    }
  }
}

describe('Event queue', () => {
  it('sends a single Event at once', async () => {
    const bench = new Bench();
    await bench.queue.emit(event('web'));
    assert.deepEqual(bench.names, ['web']);
    assert.deepEqual(bench.clock.sleeping, []);
  });

  it('has two Events under way at the most, whatever the burst', async () => {
    const bench = new Bench();
    bench.prompt = false;
    bench.emit(outdated(4000));
    assert.equal(bench.inFlight, 2);
    bench.answer();
    await until('the next', () => bench.sent.length === 3);
    assert.equal(bench.inFlight, 2);
    bench.stop.abort();
  });

  it('sends 25 of a burst and then ten a second', async () => {
    const bench = new Bench();
    bench.emit(outdated(500));
    await bench.rest();
    assert.equal(bench.sent.length, 25);
    await bench.pass(5000);
    assert.ok(bench.sent.length >= 70 && bench.sent.length <= 75, `${bench.sent.length} sent`);
    bench.stop.abort();
  });

  it('may send 25 at once again after a pause, and not more after a long one', async () => {
    const bench = new Bench();
    bench.emit(outdated(25));
    await bench.rest();
    await bench.pass(3_600_000, 3_600_000);
    bench.emit(outdated(100).map(({ about }) => event(`again-${about.name}`)));
    await bench.rest();
    assert.equal(bench.sent.length, 50);
    bench.stop.abort();
  });

  it('drops what is outdated, and says once how many, when 1000 wait', async () => {
    const bench = new Bench();
    bench.prompt = false;
    bench.emit(outdated(4000));
    bench.emit([event('restarted', 'SidecarRestarted'), warning('failed')]);
    assert.equal(bench.queue.waiting, 1000);
    assert.deepEqual(bench.dropped, []);
    bench.prompt = true;
    bench.answer();
    bench.answer();
    await bench.pass(105_000, 1000);
    assert.equal(bench.queue.waiting, 0);
    assert.deepEqual(bench.dropped, [3000]);
    assert.deepEqual(bench.names.slice(2, 4), ['failed', 'restarted']);
  });

  it('drops no Warning while anything else waits, and never grows when there are only Warnings', async () => {
    const bench = new Bench();
    bench.prompt = false;
    bench.emit(outdated(900));
    bench.emit(Array.from({ length: 3000 }, (_, index) => warning(`f${index}`)));
    assert.equal(bench.queue.waiting, 1000);
    bench.prompt = true;
    bench.answer();
    bench.answer();
    await bench.pass(105_000, 1000);
    assert.equal(bench.names.filter((name) => name.startsWith('w')).length, 2);
    bench.stop.abort();
  });

  it('sends Warnings before what has waited longer', async () => {
    const bench = new Bench();
    bench.prompt = false;
    bench.emit([...outdated(5), event('r', 'SidecarRestarted'), warning('f')]);
    bench.prompt = true;
    bench.answer();
    bench.answer();
    await bench.rest();
    assert.deepEqual(bench.names, ['w0', 'w1', 'f', 'r', 'w2', 'w3', 'w4']);
  });

  const TEN_MINUTES = 600_000;
  it('sends the same Event again only after ten minutes', async () => {
    const bench = new Bench();
    await bench.queue.emit(event('web'));
    await bench.queue.emit(event('web'));
    bench.clock.advance(TEN_MINUTES - 1);
    await bench.queue.emit(event('web'));
    assert.equal(bench.sent.length, 1);
    bench.clock.advance(1);
    await bench.queue.emit(event('web'));
    assert.equal(bench.sent.length, 2);
  });

  it('merges with what still waits', async () => {
    const bench = new Bench();
    bench.prompt = false;
    bench.emit([...outdated(5), ...outdated(5)]);
    assert.equal(bench.queue.waiting, 3);
    bench.stop.abort();
  });

  const different: [string, EventDraft][] = [
    ['object', event('other')],
    ['reason', event('web', 'SidecarRestarted')],
    ['message', event('web', 'SidecarOutdated', 'older')],
    ['namespace', { ...event('web'), about: { ...event('web').about, namespace: 'bank' } }],
    ['kind', { ...event('web'), about: { ...event('web').about, kind: 'StatefulSet' } }],
    ['uid', { ...event('web'), about: { ...event('web').about, uid: 'u-2' } }],
  ];
  for (const [what, other] of different)
    it(`merges nothing that has another ${what}`, async () => {
      const bench = new Bench();
      await bench.queue.emit(event('web'));
      await bench.queue.emit(other);
      assert.equal(bench.sent.length, 2);
    });

  it('hands a failure on, goes on, and lets that Event be said again', async () => {
    const bench = new Bench();
    bench.prompt = false;
    const failing = bench.queue.emit(event('web'));
    bench.answer(new Error('refused'));
    await assert.rejects(failing, /refused/);
    bench.prompt = true;
    await bench.queue.emit(event('web'));
    await bench.queue.emit(event('other'));
    assert.deepEqual(bench.names, ['web', 'web', 'other']);
  });

  it('lets a dropped Event be said again later', async () => {
    const bench = new Bench();
    bench.prompt = false;
    bench.emit(outdated(1003));
    bench.prompt = true;
    bench.answer();
    bench.answer();
    await bench.pass(105_000, 1000);
    assert.deepEqual(bench.dropped, [1]);
    await bench.queue.emit(event('w1002'));
    assert.equal(bench.names.at(-1), 'w1002');
  });

  it('sends nothing more once it was stopped, and no caller is left waiting', async () => {
    const bench = new Bench();
    bench.prompt = false;
    const emitted = outdated(100).map((draft) => bench.queue.emit(draft));
    bench.stop.abort();
    bench.answer();
    bench.answer();
    await Promise.all(emitted);
    await bench.queue.emit(event('late'));
    assert.deepEqual([bench.sent.length, bench.queue.waiting, bench.clock.sleeping], [2, 0, []]);
  });
});
