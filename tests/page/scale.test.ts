import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '../testbed/until.ts';
import { Browser } from './chromium.ts';
import { WatchedPage } from './watchedPage.ts';

const WORKLOADS = 10_000;
const MIB = 1024 * 1024;
const TURNS = 5;

/** A page of many workloads in a process of its own, as an operator has it. */
class PageProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  url = '';

  constructor() {
    const script = fileURLToPath(new URL('./pageProcess.ts', import.meta.url));
    this.#child = spawn(process.execPath, ['--expose-gc', '--no-warnings', script, String(WORKLOADS)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  async start(): Promise<this> {
    this.url = String(await this.ask('url'));
    return this;
  }

  /** Asks the process for something, or to do something. */
  async ask(what: 'url' | 'evaluate' | 'restart' | 'gc' | 'longest'): Promise<unknown> {
    this.#child.send(what);
    const [answer] = await once(this.#child, 'message');
    return (answer as { readonly value: unknown }).value;
  }

  /** Bytes that are resident after a collection of garbage. */
  async memory(): Promise<number> {
    await this.ask('gc');
    const [, pages = '0'] = readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ');
    return Number(pages) * 4096;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

/** A client that listens for changes, and counts the events that reach it. */
class Listener {
  updates = 0;
  readonly #stop = new AbortController();

  static async of(url: string): Promise<Listener> {
    const { version } = (await (await fetch(`${url}/snapshot.json`)).json()) as { version: string };
    const listener = new Listener();
    const answer = await fetch(`${url}/events?since=${version}`, { signal: listener.#stop.signal });
    assert.equal(answer.status, 200);
    void listener.#count(answer);
    return listener;
  }

  async #count(answer: Response): Promise<void> {
    try {
      for await (const piece of answer.body ?? [])
        this.updates += Buffer.from(piece).toString().split('event: ').length - 1;
    } catch {
      // stopped
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}

test('10,000 workloads: a small document, a soon first paint, and an update that takes little', async () => {
  await using served = await new PageProcess().start();
  await using browser = await Browser.start();
  const document = await (await fetch(served.url)).text();
  assert.ok(Buffer.byteLength(document) < 3 * MIB);
  const shown = await WatchedPage.open(browser.context, served.url);
  const paint = await until('the first paint', 10_000, async () =>
    Number(await shown.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")),
  );
  await shown.live();
  assert.match(await shown.page.locator('#count').innerText(), /^1 to 300 of 10000 workloads$/);
  await shown.page.evaluate(`
    window.updates = [];
    new PerformanceObserver((list) => updates.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'measure' });
  `);
  for (let turn = 1; turn <= TURNS; turn++) {
    const sums = (await shown.sums()).join();
    await served.ask('restart');
    await until('the update', 20_000, async () => (await shown.sums()).join() !== sums);
  }
  const all = await until('the measures', 10_000, async () => {
    const found = await shown.page.evaluate<number[]>('updates');
    return found.length >= TURNS && found;
  });
  // the shortest ones only made ages older
  const updates = all.toSorted((a, b) => b - a).slice(0, TURNS);
  const median = updates[Math.floor(TURNS / 2)] ?? Number.NaN;
  console.log(
    `10,000 workloads: document ${document.length} bytes, first paint ${Math.round(paint)} ms, ` +
      `update ${Math.round(median)} ms (${updates.map(Math.round).join(', ')})`,
  );
  assert.ok(paint < 1000, `${paint} ms`);
  assert.ok(median < 200, `${median} ms`);
  shown.isClean();
});

test('10,000 workloads: 20 listeners cost less than 20 MB', async () => {
  await using served = await new PageProcess().start();
  for (let turn = 0; turn < 5; turn++) await served.ask('evaluate');
  const before = await served.memory();
  const listeners = await Promise.all(Array.from({ length: 20 }, () => Listener.of(served.url)));
  for (let turn = 0; turn < 5; turn++) {
    const seen = listeners.map(({ updates }) => updates);
    await served.ask('restart');
    await until('all listeners to be told', 20_000, () =>
      listeners.every(({ updates }, index) => updates > (seen[index] ?? 0)),
    );
  }
  const grown = (await served.memory()) - before;
  console.log(`20 listeners: ${(grown / MIB).toFixed(1)} MiB more than without anyone`);
  assert.ok(grown < 20 * MIB);
  for (const one of listeners) one.stop();
});

/** Connections that ask for something and never read the answer, or never ask. */
async function thatNeverRead(url: string, count: number): Promise<Socket[]> {
  const port = Number(new URL(url).port);
  const asks = ['GET / HTTP/1.1', 'GET /snapshot.json HTTP/1.1', 'GET /events HTTP/1.1', ''];
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.pause();
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      const ask = asks[index % asks.length];
      if (ask) socket.write(`${ask}\r\nHost: localhost\r\n\r\n`);
      return socket;
    }),
  );
}

test('1,000 connections that never read hurt nobody', async () => {
  await using served = await new PageProcess().start();
  const listener = await Listener.of(served.url);
  const told = async (): Promise<void> => {
    const { updates } = listener;
    await served.ask('restart');
    await until('the listener to be told', 10_000, () => listener.updates > updates);
  };
  await told();
  const before = await served.memory();
  await served.ask('longest');
  await told();
  await told();
  const calm = Number(await served.ask('longest'));
  const sockets = await thatNeverRead(served.url, 1000);
  await told();
  await told();
  const answer = await fetch(served.url);
  assert.equal(answer.status, 200);
  await answer.text();
  const longest = Number(await served.ask('longest'));
  const grown = (await served.memory()) - before;
  console.log(
    `1,000 that never read: ${(grown / MIB).toFixed(1)} MiB, ` +
      `longest block of the loop ${longest.toFixed(0)} ms, ${calm.toFixed(0)} ms before`,
  );
  assert.ok(grown < 60 * MIB);
  assert.ok(longest < 10 * Math.max(calm, 50));
  for (const socket of sockets) socket.destroy();
  listener.stop();
});
