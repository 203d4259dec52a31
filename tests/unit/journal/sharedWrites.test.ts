import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { SHARED_WITHIN, SharedWrites } from '../../../src/journal/sharedWrites.ts';
import { settled } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

let clock: FakeClock;
let stop: AbortController;
/** What was written, and when. */
let written: [string, number][];
let state: string;
let failing: Error | undefined;
let open: Promise<void>;
let writes: SharedWrites;

beforeEach(() => {
  [clock, stop, written, state, failing, open] = [
    new FakeClock(),
    new AbortController(),
    [],
    '',
    undefined,
    Promise.resolve(),
  ];
  const write = async (): Promise<void> => {
    const text = state;
    await open;
    if (failing) throw failing;
    written.push([text, clock.now()]);
  };
  writes = new SharedWrites(write, (milliseconds) => clock.sleep(milliseconds, stop.signal));
});

async function pass(milliseconds: number): Promise<void> {
  await setImmediate();
  clock.advance(milliseconds);
  await setImmediate();
}

test('changes of half a second share a write', async () => {
  state = 'a';
  const first = writes.soon();
  await pass(SHARED_WITHIN - 100);
  state = 'ab';
  const second = writes.soon();
  await pass(100);
  await settled(
    'both',
    Promise.all([first, second]).then(() => undefined),
  );
  assert.deepEqual(written, [['ab', SHARED_WITHIN]]);
});

test('what is written at once waits for nothing, and takes along what waits', async () => {
  state = 'a';
  const first = writes.soon();
  state = 'ab';
  await settled('the second', writes.now());
  await settled('the first', first);
  assert.deepEqual(written, [['ab', 0]]);
  await pass(SHARED_WITHIN);
  assert.equal(written.length, 1, 'and nothing is written again');
});

test('changes during a write share the next one, at once if one of them asks for that', async () => {
  const opened = Promise.withResolvers<void>();
  open = opened.promise;
  state = 'a';
  const first = writes.now();
  state = 'ab';
  const [second, third] = [writes.now(), writes.soon()];
  opened.resolve();
  await settled(
    'all',
    Promise.all([first, second, third]).then(() => undefined),
  );
  assert.deepEqual(written, [
    ['a', 0],
    ['ab', 0],
  ]);
});

test('a wait that ends during a write is followed by another write', async () => {
  state = 'a';
  const soon = writes.soon();
  await setImmediate();
  const opened = Promise.withResolvers<void>();
  open = opened.promise;
  const first = writes.now();
  state = 'ab';
  const later = writes.soon();
  await pass(SHARED_WITHIN);
  opened.resolve();
  await settled(
    'all',
    Promise.all([soon, first, later]).then(() => undefined),
  );
  assert.deepEqual(written, [
    ['a', SHARED_WITHIN],
    ['ab', SHARED_WITHIN],
  ]);
});

test('a failed write fails those that it was for, and no others', async () => {
  failing = new Error('no API server');
  await assert.rejects(writes.now(), /no API server/);
  failing = undefined;
  await settled('the next', writes.now());
});

test('when the process ends nobody is left waiting', async () => {
  const soon = writes.soon();
  await setImmediate();
  stop.abort();
  await settled('the write', soon);
  assert.equal(written.length, 1);
});

test('what is dropped is rejected, and not written', async () => {
  const soon = writes.soon();
  writes.drop(new Error('another term'));
  await assert.rejects(soon, /another term/);
  await pass(SHARED_WITHIN);
  assert.deepEqual(written, []);
});
