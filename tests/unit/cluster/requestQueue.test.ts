import assert from 'node:assert/strict';
import type { Priority } from '../../../src/cluster/priority.ts';
import { RequestQueue } from '../../../src/cluster/requestQueue.ts';
import { until } from './deadline.ts';

const forever = new AbortController().signal;

/** A queue, who has been let in, and how to give places back. */
class Bench {
  readonly queue: RequestQueue;
  readonly admitted: string[] = [];
  readonly #releases: (() => void)[] = [];

  constructor(places: number) {
    this.queue = new RequestQueue(places);
  }

  /** @param who for example `write`, or `write 2` */
  ask(...who: string[]): void {
    for (const one of who) {
      const [priority] = one.split(' ');
      void this.queue.enter(priority as Priority, forever).then((release) => {
        this.admitted.push(one);
        this.#releases.push(release);
      });
    }
  }

  async has(count: number): Promise<void> {
    await until(`${count} let in, there are ${this.admitted.length}`, () => this.admitted.length >= count);
  }

  /** Gives back the place that was taken first. */
  async free(count = 1): Promise<void> {
    for (; count > 0; count--) {
      const before = this.admitted.length;
      this.#releases.shift()?.();
      if (this.queue.waiting > 0) await until('the next', () => this.admitted.length > before);
    }
  }
}

describe('request queue', () => {
  it('lets the more important in first, and equals in the order they came', async () => {
    const bench = new Bench(1);
    bench.ask('scan', 'event', 'scan 1', 'follow 1', 'write 1', 'follow 2', 'write 2', 'lease 1');
    await bench.has(1);
    await bench.free(7);
    assert.deepEqual(bench.admitted, [
      'scan',
      'lease 1',
      'write 1',
      'write 2',
      'follow 1',
      'follow 2',
      'scan 1',
      'event',
    ]);
  });

  const shares: [Priority, number][] = [
    ['write', 8],
    ['follow', 7],
    ['scan', 6],
    ['event', 2],
  ];
  for (const [priority, share] of shares)
    it(`gives ${share} of 8 places to a crowd of ${priority}`, async () => {
      const bench = new Bench(8);
      bench.ask(...Array.from({ length: 20 }, () => priority));
      await bench.has(share);
      assert.deepEqual([bench.admitted.length, bench.queue.waiting], [share, 20 - share]);
    });

  it('keeps a place for a write and one for a read though scans and Events wait', async () => {
    const bench = new Bench(8);
    bench.ask(...Array.from({ length: 10 }, () => 'event'), ...Array.from({ length: 100 }, () => 'scan'));
    await bench.has(6);
    bench.ask('follow', 'write');
    await bench.has(8);
    assert.deepEqual(bench.admitted.slice(6), ['follow', 'write']);
  });

  for (const crowd of ['write', 'follow', 'scan'])
    it(`lets an Event through a crowd of ${crowd} that does not end`, async () => {
      const bench = new Bench(1);
      bench.ask(crowd, crowd);
      await bench.has(1);
      bench.ask('event');
      for (let turn = 0; turn < 20 && !bench.admitted.includes('event'); turn++) {
        bench.ask(crowd);
        await bench.free();
      }
      assert.ok(bench.admitted.includes('event'), bench.admitted.join(' '));
    });

  it('forgets requests that were aborted while waiting, and refuses those that were aborted before', async () => {
    const bench = new Bench(1);
    bench.ask('write');
    await bench.has(1);
    const stop = new AbortController();
    const waiting = bench.queue.enter('write', stop.signal);
    bench.ask('event');
    stop.abort(new Error('gave up'));
    await assert.rejects(waiting, /gave up/);
    await assert.rejects(bench.queue.enter('write', stop.signal), /gave up/);
    await bench.free();
    assert.deepEqual([bench.admitted, bench.queue.waiting], [['write', 'event'], 0]);
  });

  it('takes a place back only once', async () => {
    const queue = new RequestQueue(1);
    const release = await queue.enter('write', forever);
    release();
    release();
    await queue.enter('write', forever);
    void queue.enter('write', forever);
    assert.equal(queue.waiting, 1);
  });

  it('lets everybody in, one at a time, where there is one place', async () => {
    const bench = new Bench(1);
    bench.ask('event', 'scan', 'follow', 'write');
    await bench.has(1);
    await bench.free(3);
    assert.equal(bench.admitted.length, 4);
  });
});
