import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { LONGEST_QUEUE } from '../../../src/page/listeners.ts';
import { PageFeed } from '../../../src/page/pageFeed.ts';
import { pageRow } from '../../../src/page/pageRow.ts';
import type { View } from '../../../src/page/view.ts';
import { clusterStatus, statusDocument, statusRow } from '../../builders/status.ts';
import { NOW } from '../../builders/workload.ts';
import { until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

/** A client: what it was sent, and how much of it waits. */
class Client extends EventEmitter {
  readonly sent: string[] = [];
  writableLength = 0;
  isDropped = false;

  write(piece: string | Buffer): boolean {
    this.sent.push(String(piece));
    return true;
  }

  destroy(): void {
    this.isDropped = true;
    this.emit('close');
  }

  get events(): string[] {
    return this.sent
      .join('')
      .split('\n\n')
      .filter((text) => text.includes('event: '));
  }
}

/** A feed whose views a test makes, with a clock that a test moves. */
class Scene implements Disposable {
  readonly clock = new FakeClock();
  readonly #stop = new AbortController();
  readonly errors: unknown[] = [];
  /** How often the feed has looked. */
  looks = 0;
  details: Record<string, string> = { cart: 'one', web: 'two' };
  isBroken = false;
  readonly feed = new PageFeed({
    view: async () => {
      this.looks += 1;
      if (this.isBroken) throw new Error('broken');
      return this.#view();
    },
    now: () => this.clock.now(),
    wall: () => NOW,
    sleep: (ms, signal) => this.clock.sleep(ms, signal),
    signal: this.#stop.signal,
    onError: (error) => this.errors.push(error),
    boot: 'boot',
  });

  #view(): View {
    const rows = Object.entries(this.details).map(([name, detail]) => pageRow(statusRow(name, { detail })));
    return {
      status: clusterStatus(statusDocument()),
      rows: new Map(rows.map((row) => [row.name, row])),
      isLeader: true,
    };
  }

  listen(has: string): Client {
    const client = new Client();
    this.feed.listen(client as unknown as ServerResponse, has);
    return client;
  }

  /** Lets the feed look once more. */
  async look(): Promise<void> {
    const { looks } = this;
    this.feed.changed();
    await until('the feed to look again', () => {
      this.clock.advance(1000);
      return this.looks > looks;
    });
    await until('the feed to wait again', () => this.clock.sleeping.length > 0);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

test('who has the last version is told of nothing', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const client = scene.listen(version);
  assert.match(client.sent[0] ?? '', /^retry: 2000\n: nothing new\n\n$/);
});

const OLD: [name: string, version: string][] = [
  ['an older version', 'boot-0'],
  ['no version', ''],
  ['a version of another process', 'other-1'],
  ['a made-up version', 'boot-1\nevent: update'],
];
for (const [name, version] of OLD)
  test(`who has ${name} is told to read all of it`, async () => {
    using scene = new Scene();
    await scene.feed.snapshot();
    const client = scene.listen(version);
    assert.deepEqual(client.events, ['retry: 2000\nevent: reset\ndata:']);
  });

test('a change is told with its version, and has only the rows that changed and the keys that are gone', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const client = scene.listen(version);
  scene.details = { cart: 'three', new: 'four' };
  await scene.look();
  const [event = ''] = client.events;
  assert.match(event, /^id: boot-2\nevent: update\ndata: \{/m);
  const { rows, gone, sections } = JSON.parse(event.split('data: ')[1] ?? '');
  assert.deepEqual(
    rows.map(({ name }: { name: string }) => name),
    ['cart', 'new'],
  );
  assert.deepEqual(gone, ['web']);
  assert.deepEqual(sections, {});
});

test('where nothing has changed, only a comment is sent, and the version stays', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const client = scene.listen(version);
  await scene.look();
  await scene.look();
  assert.deepEqual(client.events, []);
  assert.ok(client.sent.includes(':\n\n'));
  scene.clock.advance(1000);
  assert.equal((await scene.feed.snapshot()).version, version);
});

test('an update that is too large becomes the advice to read all of it', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const client = scene.listen(version);
  scene.details = Object.fromEntries(Array.from({ length: 1400 }, (_, index) => [`w${index}`, 'x'.repeat(200)]));
  await scene.look();
  assert.deepEqual(client.events, ['id: boot-2\nevent: reset\ndata:']);
});

test('all listeners are sent the same bytes, which are made once', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const clients = [scene.listen(version), scene.listen(version), scene.listen(version)];
  const { looks } = scene;
  scene.details = { cart: 'three' };
  await scene.look();
  assert.equal(scene.looks, looks + 1);
  assert.equal(new Set(clients.map(({ events }) => events.join())).size, 1);
});

test('nothing is made while nobody asks or listens, and nothing more after the last has gone', async () => {
  using scene = new Scene();
  scene.feed.changed();
  assert.equal(scene.looks, 0);
  const client = scene.listen('');
  await scene.look();
  client.destroy();
  await until('the feed to end', () => {
    scene.clock.advance(5000);
    return scene.clock.sleeping.length === 0;
  });
  const { looks } = scene;
  scene.feed.changed();
  scene.clock.advance(60_000);
  assert.equal(scene.looks, looks);
});

test('many who ask within a second get one snapshot', async () => {
  using scene = new Scene();
  await Promise.all([scene.feed.snapshot(), scene.feed.snapshot()]);
  await scene.feed.snapshot();
  assert.equal(scene.looks, 1);
  scene.clock.advance(1000);
  await scene.feed.snapshot();
  assert.equal(scene.looks, 2);
});

test('a listener that does not read is dropped, and the others are told', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const [slow, quick] = [scene.listen(version), scene.listen(version)];
  slow.writableLength = LONGEST_QUEUE;
  scene.details = { cart: 'three' };
  await scene.look();
  assert.equal(slow.isDropped, true);
  assert.equal(quick.events.length, 1);
});

test('a view that cannot be made is told to the operator, and tried again', async () => {
  using scene = new Scene();
  const { version } = await scene.feed.snapshot();
  const client = scene.listen(version);
  scene.isBroken = true;
  await scene.look();
  assert.equal(String(scene.errors[0]), 'Error: broken');
  scene.isBroken = false;
  scene.details = { cart: 'three' };
  await scene.look();
  assert.equal(client.events.length, 1);
});
