import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { ApiError, httpError, networkError, statusError } from '../../../src/cluster/apiError.ts';
import { Reflector, type ReflectorOptions } from '../../../src/cluster/reflector.ts';
import type { Change, Stored } from '../../../src/cluster/store.ts';
import { settled, until } from './deadline.ts';
import { FakeApi, type FakeWatch } from './fakeApi.ts';
import { FakeClock } from './fakeClock.ts';

const path = '/api/v1/namespaces';
const call = { method: 'GET', path };
const object = (name: string, resourceVersion = '1', uid = `uid-${name}`): Stored => ({
  metadata: { name, uid, resourceVersion },
});
const list = (items: Stored[], resourceVersion = '10') => ({ items, metadata: { resourceVersion } });
const refused = networkError(call, 'https://x', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
const reset = networkError(call, 'https://x', Object.assign(new Error('x'), { code: 'ECONNRESET' }));
const http = (code: number, reason: string): ApiError => statusError(call, { code, reason, message: reason });

const WATCH_MS = 300_000;
const GUARD_MS = WATCH_MS + 30_000;
const SILENCE_MS = 150_000;
const bookmark = { metadata: { resourceVersion: '10' } };
const HEALTHY_MS = 10_000;
const NOT_SERVED_MS = 300_000;

/** A started reflector, its time and what it told. */
class Bench {
  readonly api: FakeApi;
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  readonly changes: Change<Stored>[] = [];
  readonly errors: unknown[] = [];
  readonly reflector: Reflector<Stored>;

  constructor(answers: unknown[], watchFailures: unknown[] = [], more: Partial<ReflectorOptions> = {}) {
    this.api = new FakeApi(answers, watchFailures);
    this.reflector = new Reflector<Stored>({
      client: this.api,
      path,
      signal: this.stop.signal,
      clock: this.clock,
      random: () => 0,
      onError: (error) => this.errors.push(error),
      ...more,
    });
    this.reflector.onChange((change) => this.changes.push(change));
    this.reflector.start();
  }

  get names(): (string | undefined)[] {
    return this.reflector.items().map(({ metadata }) => metadata?.name);
  }

  async watch(number: number): Promise<FakeWatch> {
    await until(`watch ${number}`, () => this.api.watches.length >= number);
    const watch = this.api.watches[number - 1];
    assert.ok(watch);
    return watch;
  }

  /** Waits for the next back-off and returns how long it is. */
  async pause(): Promise<number> {
    await until('a back-off', () => this.clock.sleeping.length === 1 && this.clock.sleeping[0] !== GUARD_MS);
    return this.clock.sleeping[0] ?? 0;
  }

  async skipPause(): Promise<number> {
    const ms = await this.pause();
    this.clock.advance(ms);
    return ms;
  }
}

let bench: Bench | undefined;
function start(...settings: ConstructorParameters<typeof Bench>): Bench {
  bench = new Bench(...settings);
  return bench;
}

afterEach(async () => {
  bench?.stop.abort();
  await settled('the end', bench?.reflector.stopped());
  assert.deepEqual(bench?.clock.sleeping ?? [], [], 'a timer was left behind');
  bench = undefined;
});

describe('reflector: copying', () => {
  it('is synced once the list is whole', async () => {
    const { reflector } = start([list([object('a'), object('b')])]);
    assert.equal(reflector.isSynced, false);
    await settled('the list', reflector.synced);
    assert.deepEqual([reflector.isSynced, reflector.items()], [true, [object('a'), object('b')]]);
  });

  it('watches from the list on, with bookmarks and a spread end', async () => {
    const one = start([list([])], [], {
      random: () => 0.5,
      labelSelector: 'app=istiod',
      fieldSelector: 'metadata.name=x',
    });
    const { query } = await one.watch(1);
    assert.deepEqual(query, {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: '10',
      timeoutSeconds: 450,
      labelSelector: 'app=istiod',
      fieldSelector: 'metadata.name=x',
    });
    assert.equal(one.api.lists[0]?.query?.labelSelector, 'app=istiod');
  });

  it('asks for metadata alone when told so', async () => {
    const one = start([list([])], [], { metadataOnly: true });
    assert.match((await one.watch(1)).accept ?? '', /as=PartialObjectMetadata;/);
    assert.match(one.api.lists[0]?.accept ?? '', /as=PartialObjectMetadataList;/);
  });

  it('takes up what is added, changed and deleted', async () => {
    const one = start([list([object('a')])]);
    const watch = await one.watch(1);
    watch.send('ADDED', object('b', '11'));
    watch.send('MODIFIED', object('a', '12'));
    watch.send('DELETED', object('b', '13'));
    await until('three changes', () => one.changes.length === 4);
    assert.deepEqual(one.changes.slice(1), [
      { key: 'b', after: object('b', '11') },
      { key: 'a', before: object('a'), after: object('a', '12') },
      { key: 'b', before: object('b', '11') },
    ]);
    assert.deepEqual(one.names, ['a']);
  });

  it('goes on after a listener that throws, and reports it', async () => {
    const one = start([list([])]);
    one.reflector.onChange(() => {
      throw new Error('listener');
    });
    const watch = await one.watch(1);
    watch.send('ADDED', object('a', '11'));
    watch.send('ADDED', object('b', '12'));
    await until('both', () => one.names.length === 2);
    assert.deepEqual(one.errors.map(String), ['Error: listener', 'Error: listener']);
    assert.equal(one.api.watches.length, 1);
  });

  it('goes on when even the reporting throws', async () => {
    const onError = (): never => {
      throw new Error('reporting');
    };
    const one = start([refused, list([object('a')])], [], { onError });
    await one.skipPause();
    await settled('the list', one.reflector.synced);
    assert.deepEqual(one.names, ['a']);
  });

  it('calls a listener no more once it was taken back', async () => {
    const one = start([list([])]);
    let calls = 0;
    const takeBack = one.reflector.onChange(() => {
      calls += 1;
    });
    const watch = await one.watch(1);
    watch.send('ADDED', object('a', '11'));
    await until('the first', () => calls === 1);
    takeBack();
    watch.send('ADDED', object('b', '12'));
    await until('the second', () => one.names.length === 2);
    assert.equal(calls, 1);
  });
});

describe('reflector: watches that end', () => {
  it('goes on at once from the last event when the server ends a watch', async () => {
    const one = start([list([])]);
    const watch = await one.watch(1);
    watch.send('ADDED', object('a', '11'));
    await until('the event', () => one.names.length === 1);
    one.clock.advance(WATCH_MS);
    watch.end();
    assert.equal((await one.watch(2)).query.resourceVersion, '11');
    assert.equal(one.api.lists.length, 1);
    assert.deepEqual(one.errors, []);
  });

  it('goes on from the last bookmark, which changes nothing else', async () => {
    const one = start([list([])]);
    const watch = await one.watch(1);
    watch.send('BOOKMARK', { metadata: { resourceVersion: '99' } });
    one.clock.advance(HEALTHY_MS);
    watch.end();
    assert.equal((await one.watch(2)).query.resourceVersion, '99');
    assert.deepEqual([one.names, one.changes], [[], []]);
  });

  it('goes on from the last event when the connection is lost, without a word', async () => {
    const one = start([list([])]);
    const watch = await one.watch(1);
    watch.send('ADDED', object('a', '11'));
    await until('the event', () => one.names.length === 1);
    one.clock.advance(HEALTHY_MS);
    watch.fail(reset);
    assert.equal((await one.watch(2)).query.resourceVersion, '11');
    assert.deepEqual([one.api.lists.length, one.errors], [1, []]);
  });

  it('waits longer and longer for watches that end at once, bookmark or not', async () => {
    const one = start([list([])]);
    const waits: number[] = [];
    for (let number = 1; number <= 7; number++) {
      const watch = await one.watch(number);
      watch.send('BOOKMARK', { metadata: { resourceVersion: '11' } });
      watch.end();
      waits.push(await one.skipPause());
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('forgets failures after a watch that lasted', async () => {
    const one = start([list([])], [refused, refused]);
    assert.deepEqual([await one.skipPause(), await one.skipPause()], [1000, 2000]);
    const lasting = await one.watch(1);
    one.clock.advance(HEALTHY_MS);
    lasting.end();
    (await one.watch(2)).end();
    assert.equal(await one.skipPause(), 1000);
  });

  it('cuts a connection that outlives its own end and goes on', async () => {
    const one = start([list([])]);
    const dead = await one.watch(1);
    for (let left = GUARD_MS - 1; left > 0; left -= 100_000) {
      one.clock.advance(Math.min(left, 100_000));
      dead.send('BOOKMARK', bookmark);
      await setImmediate();
    }
    assert.equal(dead.signal.aborted, false);
    one.clock.advance(1);
    assert.equal((await one.watch(2)).query.resourceVersion, '10');
    assert.deepEqual([dead.signal.aborted, one.errors], [true, []]);
  });
});

describe('reflector: watches that fall silent', () => {
  const version = '11';
  const said: [string, (watch: FakeWatch) => void][] = [
    ['a bookmark', (watch) => watch.send('BOOKMARK', { metadata: { resourceVersion: version } })],
    ['an event', (watch) => watch.send('ADDED', object('a', version))],
  ];
  for (const [what, say] of said)
    it(`go on from ${what} that came last, on a new connection and without a word`, async () => {
      const one = start([list([])]);
      const silent = await one.watch(1);
      one.clock.advance(SILENCE_MS - 1);
      say(silent);
      await setImmediate();
      one.clock.advance(SILENCE_MS - 1);
      await setImmediate();
      assert.equal(silent.signal.aborted, false);
      one.clock.advance(1);
      assert.equal((await one.watch(2)).query.resourceVersion, version);
      assert.deepEqual([silent.signal.aborted, one.errors, one.reflector.lastError], [true, [], undefined]);
      assert.equal(one.api.lists.length, 1);
    });

  it('are noticed well before five minutes when they never said anything', async () => {
    const one = start([list([])]);
    const silent = await one.watch(1);
    one.clock.advance(SILENCE_MS);
    await one.watch(2);
    assert.equal(silent.signal.aborted, true);
    assert.ok(SILENCE_MS < 200_000);
  });

  it('are failures when the next one gets no answer', async () => {
    const one = start([list([])]);
    await one.watch(1);
    Object.assign(one.api, { stream: () => Promise.reject(refused) });
    one.clock.advance(SILENCE_MS);
    await until('the failure', () => one.reflector.lastError !== undefined);
    assert.equal(one.reflector.lastError, refused);
  });
});

describe('reflector: long lists', () => {
  it('lets others have their turn while listeners work', async () => {
    const items = Array.from({ length: 100 }, (_, index) => object(`n${index}`));
    const one = start([list(items)]);
    let told = 0;
    one.reflector.onChange(() => {
      told += 1;
      const end = performance.now() + 5;
      while (performance.now() < end);
    });
    let turns = 0;
    let counting = true;
    const count = async (): Promise<void> => {
      while (counting) {
        await setImmediate();
        turns += 1;
      }
    };
    const counted = count();
    await settled('the list', one.reflector.synced);
    counting = false;
    await counted;
    assert.equal(told, 100);
    assert.ok(turns >= 10, `${turns} turns`);
  });

  it('tells nothing more once it was stopped in between', async () => {
    const one = start([list(Array.from({ length: 10 }, (_, index) => object(`n${index}`)))]);
    one.reflector.onChange(() => one.stop.abort());
    await settled('the end', one.reflector.stopped());
    assert.equal(one.changes.length, 1);
  });
});

describe('reflector: failures', () => {
  it('tries a refused watch again from where it was, ever later, and tells it once', async () => {
    const one = start([list([object('a')])], [refused, refused, refused]);
    assert.deepEqual([await one.skipPause(), await one.skipPause(), await one.pause()], [1000, 2000, 4000]);
    assert.deepEqual([one.errors, one.reflector.lastError, one.names], [[refused], refused, ['a']]);
    one.clock.advance(4000);
    assert.equal((await one.watch(1)).query.resourceVersion, '10');
    assert.deepEqual([one.api.lists.length, one.reflector.lastError], [1, undefined]);
  });

  it('tries a refused list again', async () => {
    const one = start([refused, refused, list([object('a')])]);
    assert.deepEqual([await one.skipPause(), await one.skipPause()], [1000, 2000]);
    await settled('the list', one.reflector.synced);
    assert.deepEqual([one.names, one.errors], [['a'], [refused]]);
  });

  it('waits at least as long as a busy server asks, and lists nothing again', async () => {
    const busy = new ApiError({ ...call, status: 429, reason: 'TooManyRequests', message: 'busy', retryAfterMs: 9000 });
    const one = start([list([])], [busy]);
    assert.equal(await one.skipPause(), 9000);
    assert.equal((await one.watch(1)).query.resourceVersion, '10');
    assert.equal(one.api.lists.length, 1);
  });

  for (const seconds of ['61', '999999', '99999999999999999999'])
    it(`waits a minute at the most when asked to wait ${seconds} s`, async () => {
      const one = start([list([])], [httpError(call, 429, Buffer.from(''), seconds)]);
      assert.equal(await one.skipPause(), 60_000);
      await one.watch(1);
    });

  it('does not fail over an ERROR event that is no Status', async () => {
    const one = start([list([]), list([object('a')], '20')]);
    (await one.watch(1)).send('ERROR', { code: 'x', message: { a: 1 }, reason: 7 });
    await one.skipPause();
    assert.equal((await one.watch(2)).query.resourceVersion, '20');
    assert.match(String(one.errors[0]), /no reason given/);
  });

  for (const how of ['HTTP status', 'ERROR event']) {
    it(`lists anew after 410 as ${how}, drops what is gone, and holds it for no failure`, async () => {
      const lists = [list([object('a'), object('b')]), list([object('b'), object('c')], '20')];
      const one = start(lists, how === 'HTTP status' ? [http(410, 'Expired')] : []);
      if (how === 'ERROR event') (await one.watch(1)).send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
      await one.skipPause();
      await until('the new watch', () => one.api.watches.at(-1)?.query.resourceVersion === '20');
      assert.deepEqual([one.names, one.errors], [['b', 'c'], []]);
      assert.deepEqual(one.changes.slice(2), [
        { key: 'a', before: object('a') },
        { key: 'c', after: object('c') },
      ]);
    });
  }

  it('lists anew at once when a watch that lasted ends by 410', async () => {
    const one = start([list([]), list([object('a')], '20')]);
    const watch = await one.watch(1);
    one.clock.advance(HEALTHY_MS);
    watch.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    assert.equal((await one.watch(2)).query.resourceVersion, '20');
  });

  it('tells any other ERROR event, waits, and lists anew', async () => {
    const one = start([list([]), list([object('a')], '20')]);
    (await one.watch(1)).send('ERROR', { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcd' });
    assert.equal(await one.skipPause(), 1000);
    assert.equal((await one.watch(2)).query.resourceVersion, '20');
    assert.match(String(one.errors[0]), /etcd/);
    assert.equal(one.errors.length, 1);
  });

  it('lists anew after a line that is no event', async () => {
    const one = start([list([]), list([object('a')], '20')]);
    (await one.watch(1)).send('ADDED', null);
    await one.skipPause();
    assert.equal((await one.watch(2)).query.resourceVersion, '20');
    assert.equal(one.errors.length, 1);
  });

  it('names the missing right once per change and goes on trying', async () => {
    const one = start([http(403, 'Forbidden'), http(403, 'Forbidden'), list([])], [http(403, 'Forbidden')]);
    await one.skipPause();
    await one.skipPause();
    await settled('the list', one.reflector.synced);
    await one.skipPause();
    await one.watch(1);
    const said = one.errors.map((error) => (error as Error).message.split(' (')[0]);
    assert.deepEqual(said, ['missing right: list namespaces', 'missing right: watch namespaces']);
    assert.equal((one.errors[0] as ApiError).status, 403);
  });

  it('sees a recreated object as deleted and added', async () => {
    const one = start([list([object('a', '1', 'first')])]);
    (await one.watch(1)).send('MODIFIED', object('a', '2', 'second'));
    await until('the changes', () => one.changes.length === 3);
    assert.deepEqual(one.changes.slice(1), [
      { key: 'a', before: object('a', '1', 'first') },
      { key: 'a', after: object('a', '2', 'second') },
    ]);
  });
});

describe('reflector: a kind that is not served', () => {
  it('is synced and empty, and looked for again every five minutes', async () => {
    const one = start([http(404, 'NotFound'), http(404, 'NotFound'), list([object('a')])], [], { optional: true });
    await settled('the list', one.reflector.synced);
    assert.deepEqual(
      [one.reflector.isSynced, one.names, one.errors, one.reflector.lastError],
      [true, [], [], undefined],
    );
    assert.deepEqual([await one.skipPause(), await one.skipPause()], [NOT_SERVED_MS, NOT_SERVED_MS]);
    await until('the kind', () => one.names.length === 1);
  });

  it('loses its objects when it goes', async () => {
    const one = start([list([object('a')]), http(404, 'NotFound')], [], { optional: true });
    const watch = await one.watch(1);
    watch.send('ERROR', { kind: 'Status', code: 410, reason: 'Gone' });
    await one.skipPause();
    await until('the end', () => one.names.length === 0);
    assert.deepEqual(one.changes.at(-1), { key: 'a', before: object('a') });
  });

  it('is a failure where the kind must exist', async () => {
    const one = start([http(404, 'NotFound')]);
    assert.equal(await one.pause(), 1000);
    assert.deepEqual([one.reflector.isSynced, one.errors.length], [false, 1]);
  });
});

describe('reflector: stopping', () => {
  it('ends a watch and delivers nothing more', async () => {
    const one = start([list([])]);
    const watch = await one.watch(1);
    watch.send('ADDED', object('a', '11'));
    one.stop.abort();
    await settled('the end', one.reflector.stopped());
    assert.deepEqual([one.changes, one.errors, watch.signal.aborted], [[], [], true]);
  });

  it('ends a back-off', async () => {
    const one = start([refused]);
    await one.pause();
    one.stop.abort();
    await settled('the end', one.reflector.stopped());
    assert.deepEqual([one.api.lists.length, one.clock.sleeping], [1, []]);
  });

  it('ends when a listener stops it in the middle of the first list', async () => {
    const one = start([list([object('a'), object('b')])]);
    one.reflector.onChange(() => one.stop.abort());
    await settled('the end', one.reflector.stopped());
    assert.equal(one.api.watchAttempts, 0);
  });

  it('settles `synced` though nothing was ever listed', async () => {
    const one = start([refused]);
    await one.pause();
    one.stop.abort();
    await settled('the list', one.reflector.synced);
    assert.equal(one.reflector.isSynced, false);
  });

  it('asks nothing when it was stopped before it started', async () => {
    const api = new FakeApi([list([])]);
    const reflector = new Reflector({ client: api, path, signal: AbortSignal.abort() });
    reflector.start();
    await settled('the list', reflector.synced);
    await settled('the end', reflector.stopped());
    assert.equal(api.lists.length, 0);
  });
});
