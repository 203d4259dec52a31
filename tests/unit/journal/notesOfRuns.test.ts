import assert from 'node:assert/strict';
import { Journal } from '../../../src/journal/journal.ts';
import { keyOf } from '../../../src/model.ts';
import { restarted } from '../../builders/journal.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { HOUR, NOW, workload } from '../../builders/workload.ts';

const WEB = workload();
const API = workload({ name: 'api' });

/** A journal whose time a test sets. */
class Bench {
  time = NOW;
  readonly store: FakeStore;
  readonly journal: Journal;

  constructor(store = new FakeStore()) {
    this.store = store;
    const now = () => this.time;
    this.journal = new Journal({ store, now, wall: now, onError: (error) => assert.fail(String(error)) });
    this.journal.load();
  }

  get notes() {
    return this.journal.notes.get('run');
  }

  /** A restart that begins now. */
  begin(of = WEB): Promise<void> {
    const at = { restartedAt: this.time, since: this.time, writes: [{ at: this.time, well: false }] };
    return this.journal.begin(of, restarted(0, undefined, { ...at, confirmed: false }));
  }
}

test('a run starts with its first restart', async () => {
  const bench = new Bench();
  await bench.begin();
  bench.time += HOUR;
  await bench.begin(API);
  assert.equal(bench.notes?.startedAt, NOW);
  assert.equal(new Bench(bench.store).notes?.startedAt, NOW, 'also for the next leader');
});

test('a start that a wrong clock has put into the future is that of the next restart', async () => {
  const bench = new Bench();
  await bench.begin();
  bench.time -= HOUR;
  await bench.begin(API);
  assert.equal(bench.notes?.startedAt, NOW - HOUR);
});

test('a restart that was not written starts no run', async () => {
  const bench = new Bench();
  await bench.begin();
  bench.journal.cancel(WEB);
  assert.equal(bench.notes?.startedAt, undefined);
  bench.time += HOUR;
  await bench.begin();
  assert.equal(bench.notes?.startedAt, NOW + HOUR);
});

test('unless another one was', async () => {
  const bench = new Bench();
  await bench.begin(API);
  bench.journal.confirm(API);
  await bench.begin();
  bench.journal.cancel(WEB);
  assert.equal(bench.notes?.startedAt, NOW);
});

test('after it has finished, a restart begins it anew', async () => {
  const bench = new Bench();
  await bench.begin();
  bench.journal.end(WEB, 'verified');
  bench.journal.note('run', { told: ['started', 'finished'], forgotten: 3, waves: { canary: { endedAt: NOW } } });
  bench.time += HOUR;
  await bench.begin(API);
  assert.deepEqual(bench.notes, { startedAt: NOW + HOUR, waves: { canary: { endedAt: NOW } } });
});

test('the end of the last restart and the ten slowest are kept', async () => {
  const bench = new Bench();
  for (let index = 1; index <= 12; index++) {
    const one = workload({ name: `w${index}` });
    await bench.begin(one);
    bench.time += index * 1000;
    bench.journal.end(one, 'verified');
  }
  assert.equal(bench.notes?.endedAt, bench.time);
  const slowest = Object.entries(bench.notes?.slowest ?? {});
  assert.deepEqual(slowest.slice(0, 2), [
    [keyOf(workload({ name: 'w12' })), 12_000],
    [keyOf(workload({ name: 'w11' })), 11_000],
  ]);
  assert.equal(slowest.length, 10);
});

test('an end that is found again does not count', async () => {
  const bench = new Bench();
  await bench.begin();
  bench.journal.end(WEB, 'failed:timeout');
  bench.time += HOUR;
  bench.journal.end(WEB, 'verified');
  assert.equal(bench.notes?.endedAt, NOW);
});

test('restarts that are forgotten before the run has finished are counted', async () => {
  const bench = new Bench();
  await bench.begin();
  await bench.begin(API);
  bench.journal.end(WEB, 'verified');
  bench.journal.end(API, 'failed:timeout');
  bench.time += 25 * HOUR;
  bench.journal.prune([], () => true);
  assert.equal(bench.journal.entries.size, 0);
  assert.equal(bench.notes?.forgotten, 1);
});

test('and none after that', async () => {
  const bench = new Bench();
  await bench.begin();
  bench.journal.end(WEB, 'verified');
  bench.journal.note('run', { told: ['finished'] });
  bench.time += 25 * HOUR;
  bench.journal.prune([], () => true);
  assert.equal(bench.notes?.forgotten, undefined);
});

const UNTOLD = {
  id: 'id',
  event: 'started',
  revision: '',
  at: NOW,
  text: '',
  counts: { outdated: 0, inFlight: 0, verified: 0, failed: 0, waiting: 0 },
  workloads: [],
  to: ['webhook:/a'],
} as const;

test('news that receivers wait for are read again', () => {
  const bench = new Bench();
  bench.journal.note('run', { untold: [UNTOLD] });
  return bench.journal.stored().then(() => assert.deepEqual(new Bench(bench.store).notes, { untold: [UNTOLD] }));
});

test('news that receivers wait for outlive the injector, and nothing else of its run does', () => {
  const { journal } = new Bench();
  journal.note('run', { startedAt: NOW, told: ['started'], untold: [UNTOLD] });
  journal.note('other', { startedAt: NOW, untold: [] });
  journal.keepOnly([]);
  assert.deepEqual([...journal.notes], [['run', { untold: [UNTOLD] }]]);
});

const broken: readonly [name: string, untold: object][] = [
  ['an event that there is not', { ...UNTOLD, event: 'x' }],
  ['no counts', { ...UNTOLD, counts: undefined }],
  ['a count that is missing', { ...UNTOLD, counts: { ...UNTOLD.counts, failed: undefined } }],
  ['workloads that are none', { ...UNTOLD, workloads: ['x'] }],
];
for (const [name, untold] of broken)
  test(`news are not sent with ${name}`, () => {
    const stored = { version: 1, restarts: {}, runs: { run: { untold: [untold] } } };
    assert.equal(new Bench(new FakeStore(JSON.stringify(stored))).notes, undefined);
  });
