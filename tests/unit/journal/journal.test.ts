import assert from 'node:assert/strict';
import type { RewriteRule } from '../../../src/compare/learntImage.ts';
import { Journal } from '../../../src/journal/journal.ts';
import type { WorkloadKey } from '../../../src/model.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { CUT, type JournalEntry, WRITTEN_WITHIN } from '../../../src/plan/journalEntry.ts';
import { recorded, restarted, writesAgo } from '../../builders/journal.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { assessed, HOUR, MINUTE, NOW, workload } from '../../builders/workload.ts';
import { settled, until } from '../cluster/deadline.ts';

const WEB = workload();
const KEY: WorkloadKey = 'Deployment/shop/web';
const begun = (given: Partial<JournalEntry> = {}): JournalEntry =>
  restarted(0, undefined, { confirmed: false, ...given });

let store: FakeStore;
let errors: unknown[];
let clock: { now: number; wall: number };

/** Another process with the same store. */
function another(steady = clock.now): Journal {
  return new Journal({ store, now: () => steady, wall: () => clock.wall, onError: (error) => errors.push(error) });
}
let journal: Journal;

beforeEach(() => {
  [store, errors, clock] = [new FakeStore(), [], { now: NOW, wall: NOW }];
  journal = new Journal({
    store,
    now: () => clock.now,
    wall: () => clock.wall,
    onError: (error) => errors.push(error),
  });
});

describe('the journal: a restart that is begun', () => {
  it('is stored when that is told, and not told before', async () => {
    const opened = Promise.withResolvers<void>();
    store.open = opened.promise;
    let isTold = false;
    const beginning = journal.begin(WEB, begun()).then(() => {
      isTold = true;
    });
    await new Promise(setImmediate);
    assert.deepEqual([isTold, store.stored], [false, undefined]);
    assert.equal(journal.of(WEB)?.confirmed, false, 'it counts from the moment that it may be stored');
    opened.resolve();
    await settled('the begin', beginning);
    assert.deepEqual(store.restarts[KEY]?.unconfirmed, true);
  });

  it('is taken back where it could not be stored, and what was known before stands again', async () => {
    const last = restarted(HOUR, 'verified');
    await journal.begin(WEB, last);
    store.failing = new Error('no API server');
    await assert.rejects(journal.begin(WEB, begun()), /no API server/);
    assert.deepEqual(journal.of(WEB), last);
    await assert.rejects(journal.begin({ ...WEB, name: 'other' }, begun()), /no API server/);
    assert.equal(journal.get({ ...WEB, name: 'other' }), undefined);
  });

  it('is taken back when it was not made for certain: the store has again what was before', async () => {
    await journal.begin(WEB, restarted(HOUR, 'failed:timeout'));
    await journal.begin(WEB, begun());
    journal.cancel(WEB);
    assert.equal(journal.of(WEB)?.outcome, 'failed:timeout');
    await until('the write', () => store.restarts[KEY]?.outcome === 'failed:timeout');
    assert.equal(another().load(), 'read');
  });

  it('… also by a process that only knows it from the store', async () => {
    await journal.begin(WEB, restarted(HOUR, 'failed:timeout'));
    await journal.begin(WEB, begun());
    const other = another();
    other.load();
    assert.equal(other.of(WEB)?.outcome, undefined);
    other.cancel(WEB);
    assert.equal(other.of(WEB)?.outcome, 'failed:timeout');
  });

  it('is not taken back once its write is known to have been done', async () => {
    await journal.begin(WEB, restarted(HOUR, 'failed:timeout'));
    await journal.begin(WEB, begun());
    journal.confirm(WEB);
    journal.cancel(WEB);
    assert.deepEqual([journal.of(WEB)?.confirmed, journal.of(WEB)?.before], [true, undefined]);
  });

  it('counts from its sending, however long it took until then', async () => {
    await journal.begin(WEB, begun());
    clock.now += MINUTE;
    journal.sending(WEB);
    assert.equal(journal.of(WEB)?.since, NOW + MINUTE);
  });
});

describe('the journal: its end', () => {
  it('is told and stored, and what has ended is known to have been written', async () => {
    await journal.begin(WEB, begun());
    journal.confirm(WEB);
    assert.equal(journal.end(WEB, 'reverted')?.outcome, 'reverted');
    await until('the write', () => store.restarts[KEY]?.outcome === 'reverted');
    assert.equal(store.restarts[KEY]?.unconfirmed, undefined);
  });

  it('has its time, in the next whole second, which the next leader knows', async () => {
    await journal.begin(WEB, begun());
    journal.confirm(WEB);
    clock.wall = NOW + 1;
    journal.end(WEB, 'verified');
    assert.equal(journal.of(WEB)?.endedAt, NOW + 1000);
    await until('the write', () => store.restarts[KEY]?.outcome === 'verified');
    const other = another();
    other.load();
    assert.equal(other.of(WEB)?.endedAt, NOW + 1000);
  });

  it('leaves nothing to take back, even where its write was never known to have been done', async () => {
    await journal.begin(WEB, restarted(HOUR, 'verified'));
    await journal.begin(WEB, begun());
    assert.equal(journal.end(WEB, 'failed:unverified')?.before, undefined);
    journal.cancel(WEB);
    assert.equal(journal.of(WEB)?.outcome, 'failed:unverified');
  });

  it('of what it does not know is none', () => {
    assert.equal(journal.end(WEB, 'verified'), undefined);
    for (const change of [journal.cancel, journal.confirm, journal.sending]) change.call(journal, WEB);
    journal.forget(KEY);
    assert.equal(journal.entries.size, 0);
  });
});

describe('the journal: its writes', () => {
  it('are shared by whatever comes while one is under way', async () => {
    const opened = Promise.withResolvers<void>();
    store.open = opened.promise;
    const names = Array.from({ length: 20 }, (_, i) => `w${i}`);
    const all = names.map((name) => journal.begin({ ...WEB, name }, begun()));
    opened.resolve();
    await settled('the begins', Promise.all(all));
    assert.equal(store.kept.length, 2);
    assert.equal(Object.keys(store.restarts).length, 20);
  });

  it('that fail reject for their callers, and the next one carries everything', async () => {
    const opened = Promise.withResolvers<void>();
    store.open = opened.promise;
    store.failing = new Error('conflict');
    const first = journal.begin(WEB, begun());
    const second = journal.begin({ ...WEB, name: 'b' }, begun());
    opened.resolve();
    const ends = await Promise.allSettled([first, second]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    store.failing = undefined;
    await journal.begin({ ...WEB, name: 'c' }, begun());
    assert.deepEqual(Object.keys(store.restarts), ['Deployment/shop/c']);
  });

  it('that fail without a waiting caller are reported, and the next one carries the changes', async () => {
    await journal.begin(WEB, begun());
    store.failing = new Error('away');
    journal.confirm(WEB);
    await until('the failure', () => errors.length > 0);
    store.failing = undefined;
    await journal.begin({ ...WEB, name: 'b' }, begun());
    assert.equal(store.restarts[KEY]?.unconfirmed, undefined);
  });
});

describe('the journal: taken up by another process', () => {
  it('tells the same of every restart, by its own steady clock', async () => {
    await journal.begin(WEB, restarted(HOUR, 'failed:timeout', { writes: writesAgo([1, 2]) }));
    const steady = 5_000_000;
    const other = another(steady);
    assert.equal(other.load(), 'read');
    const { since, ...known } = other.of(WEB) as JournalEntry;
    const { since: _since, ...mine } = journal.of(WEB) as JournalEntry;
    assert.deepEqual(known, mine);
    assert.equal(since, steady - HOUR + WRITTEN_WITHIN + CUT, 'it may be this much younger than its record says');
  });

  it('takes no restart for one that lies ahead, whatever a former leader’s clock said', async () => {
    await journal.begin(WEB, restarted(-HOUR));
    const other = another(7);
    other.load();
    assert.equal(other.of(WEB)?.since, 7);
  });

  it('knows better how long ago its own restarts were than the wall clock does', async () => {
    await journal.begin(WEB, begun());
    clock.wall += 24 * HOUR;
    clock.now += MINUTE;
    journal.load();
    assert.equal(journal.of(WEB)?.since, NOW);
  });

  it('… but not how long ago another has restarted the same workload since', async () => {
    await journal.begin(WEB, begun());
    clock.now += HOUR;
    clock.wall += HOUR;
    await another().begin(WEB, begun({ restartedAt: clock.wall, writes: [{ at: clock.wall, well: false }] }));
    journal.load();
    assert.equal(journal.of(WEB)?.since, clock.now);
  });

  it('rejects what waits for a write when it is read again: it belongs to another term', async () => {
    const slept = Promise.withResolvers<void>();
    const shared = new Journal({
      store,
      now: () => clock.now,
      wall: () => clock.wall,
      onError: (error) => errors.push(error),
      sleep: () => slept.promise,
    });
    store.stored = '{"version":1,"restarts":{}}';
    shared.note('run', { startedAt: NOW });
    const stored = assert.rejects(shared.stored(), /read again in the meantime/);
    shared.load();
    slept.resolve();
    await settled('the refusal', stored);
    assert.deepEqual([shared.notes.size, errors], [0, []]);
  });

  it('forgets what is not in the store any more: another has led since', async () => {
    await journal.begin(WEB, begun());
    store.stored = '{"version":1,"restarts":{}}';
    assert.equal(journal.load(), 'read');
    assert.equal(journal.entries.size, 0);
  });

  it('is not overwritten with what was known before, however long that takes to be put into words', async () => {
    const many = Array.from({ length: 500 }, (_, i): [WorkloadKey, JournalEntry] => [
      `Deployment/shop/w${i}`,
      restarted(i * 1000, 'failed:timeout', { uid: `uid-${i}`, run: `run-${i}` }),
    ]);
    journal.adopt(new Map(many));
    store.stored = '{"version":1,"restarts":{}}';
    journal.load();
    await journal.begin(WEB, begun());
    assert.deepEqual([store.kept.length, Object.keys(store.restarts)], [1, [KEY]]);
    assert.deepEqual(errors, [], 'nothing is lost, so nothing is reported');
  });

  it('keeps what it knows itself where the store was deleted', async () => {
    await journal.begin(WEB, begun());
    store.stored = undefined;
    assert.equal(journal.load(), 'missing');
    assert.notEqual(journal.of(WEB), undefined);
  });

  it('takes up nothing of what it cannot read whole, and says why', async () => {
    await journal.begin(WEB, begun());
    store.stored = '{"version":1,"restarts":{"Deployment/shop/web":{}}}';
    const loaded = another().load();
    assert.match(typeof loaded === 'object' ? loaded.unreadable : loaded, /Deployment\/shop\/web/);
  });

  it('does not take an entry of another UID for this workload’s', async () => {
    await journal.begin(WEB, begun());
    assert.equal(journal.of({ ...WEB, uid: 'made again' }), undefined);
    assert.notEqual(journal.get(WEB), undefined, 'though it holds its slot until it is seen to be gone');
  });
});

it('a restart that is known to be written is not stored again and again while it is followed', async () => {
  await journal.begin(WEB, begun());
  journal.confirm(WEB);
  await journal.stored();
  const entry = journal.of(WEB);
  const keep = store.keep.bind(store);
  let writes = 0;
  store.keep = (text) => {
    writes += 1;
    return keep(text);
  };
  journal.confirm(WEB);
  await new Promise(setImmediate);
  assert.deepEqual([writes, journal.of(WEB) === entry], [0, true]);
});

describe('the journal: what it forgets', () => {
  const all = (): boolean => true;
  const old = restarted(25 * HOUR, 'verified');
  const rows: [what: string, JournalEntry, Assessed[], isWatched: () => boolean, kept: boolean][] = [
    ['a failure of a workload that is there stays', restarted(25 * HOUR, 'failed:timeout'), [assessed()], all, true],
    ['a failure of one that is gone goes', restarted(HOUR, 'failed:timeout'), [], all, false],
    ['… and of one that was made again', restarted(HOUR, 'failed:timeout'), [assessed({ uid: 'new' })], all, false],
    ['… but not where nobody looks any more', restarted(HOUR, 'failed:timeout'), [], () => false, true],
    ['a restart that ended well goes after a day', old, [assessed()], all, false],
    ['… also where nobody looks any more', old, [], () => false, false],
    ['… and not before', restarted(23 * HOUR, 'verified'), [assessed()], all, true],
    [
      '… nor while its workload tells of no end: it would be taken for one that is not known',
      old,
      [assessed({ annotations: recorded(restarted(25 * HOUR)) })],
      all,
      true,
    ],
    [
      '… but if that tells of another one',
      old,
      [assessed({ annotations: recorded(restarted(26 * HOUR)) })],
      all,
      false,
    ],
    ['what is in flight stays, however old', restarted(25 * HOUR), [assessed()], all, true],
    ['… and however gone: it is followed until that is certain', restarted(HOUR), [], all, true],
  ];
  for (const [what, entry, observations, isWatched, kept] of rows)
    it(what, async () => {
      await journal.begin(WEB, entry);
      journal.prune(observations, isWatched);
      assert.equal(journal.entries.has(KEY), kept);
      const other = another();
      await until('the store', () => other.load() === 'read' && other.entries.has(KEY) === kept);
    });
});

it('restarts that stand on workloads are taken up and stored, after the journal was lost', async () => {
  journal.adopt(new Map([[KEY, restarted(MINUTE)]]));
  await until('the write', () => KEY in store.restarts);
  assert.equal(journal.of(WEB)?.restartedAt, NOW - MINUTE);
});

describe('the journal: what the cluster makes of images', () => {
  const rule = (image: string): RewriteRule => ({ kind: 'exact', answer: 'docker.io/istio/proxyv2:1', image });
  const mirror: RewriteRule = { kind: 'registry', from: 'docker.io', to: 'mirror.corp/hub', digest: false };

  it('counts for the namespace that has shown it, and everywhere once two have', () => {
    assert.equal(journal.learn('run', rule('a:1'), 'shop'), 'news');
    assert.deepEqual([journal.learnt('run', 'shop').length, journal.learnt('run', 'bank').length], [1, 0]);
    assert.equal(journal.learn('run', rule('a:1'), 'bank'), 'known');
    assert.equal(journal.learnt('run', 'other').length, 1);
  });

  it('is bounded for each namespace: one that shows ever more leaves room for the others', () => {
    const told = Array.from({ length: 100 }, (_, i) => journal.learn('run', rule(`evil:${i}`), 'evil'));
    assert.equal(told.at(-1), 'full');
    assert.equal(journal.learn('run', mirror, 'shop'), 'news');
    assert.deepEqual(journal.learnt('run', 'bank'), [mirror]);
  });

  it('is bounded as a whole', async () => {
    for (let i = 0; i < 200; i++) journal.learn('run', rule(`many:${i}`), `n${i}`);
    await journal.stored();
    assert.ok((store.stored ?? '').length < 32 * 1024);
  });
});
