import assert from 'node:assert/strict';
import { nobody } from '../../src/expect/epoch.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { journalText } from '../../src/journal/journalText.ts';
import { keyOf, type Workload, type WorkloadKey } from '../../src/model.ts';
import { RESTARTED_AT } from '../../src/names.ts';
import type { JournalEntry } from '../../src/plan/journalEntry.ts';
import { fingerprint } from '../../src/plan/record.ts';
import { Metrics } from '../../src/report/metrics.ts';
import { Report } from '../../src/report/report.ts';
import { timestamp } from '../../src/rfc3339.ts';
import { recorded, restarted } from '../builders/journal.ts';
import { FakeStore } from '../builders/journalStore.ts';
import { policy } from '../builders/policy.ts';
import { wave } from '../builders/waves.ts';
import { complete, expected, HOUR, injection, MINUTE, NOW, pod, sidecar, workload } from '../builders/workload.ts';
import { until } from './cluster/deadline.ts';
import { MESH, OperatorBench } from './operatorBench.ts';

/**
 * Leads over these workloads, all outdated, until one is patched; those of the names cannot be looked at by themselves.
 * @param meshes as the watch has it, one call after the other, the last from then on
 */
async function firstPatched(
  all: readonly Workload[],
  forbidden: readonly string[],
  meshes = [MESH],
): Promise<{ first: string; looks: number }> {
  let calls = 0;
  const mesh = (): Mesh => meshes[calls++] ?? (meshes.at(-1) as Mesh);
  await using bench = new OperatorBench({ workloads: () => all, forbidden, mesh, policy: { maxInFlight: 1 } }).start();
  await until('the first patch', () => bench.patched.length > 0).catch(() => undefined);
  return { first: bench.patched[0] ?? 'nobody', looks: bench.looks };
}

test('a workload that cannot be looked at gives its slot to the next', async () => {
  const [a, b] = ['a', 'b'].map((name) => workload({ kind: 'StatefulSet', name, uid: name }));
  assert.equal((await firstPatched([a, b] as Workload[], [])).first, 'a');
  assert.equal((await firstPatched([a, b] as Workload[], ['a'])).first, 'b');
});

test('a mesh that has just changed is waited for without looking again and again', async () => {
  const { first, looks } = await firstPatched(
    [workload({ kind: 'StatefulSet' })],
    [],
    [MESH, { ...MESH, injections: [] }],
  );
  assert.equal(first, 'nobody');
  assert.ok(looks < 10, `${looks} looks`);
});

const web = (given: Partial<Workload> = {}): Workload => workload({ kind: 'StatefulSet', ...given });
/** A journal that tells this of StatefulSets, by namespace and name. */
const stored = (entries: Record<string, JournalEntry>): FakeStore =>
  new FakeStore(
    journalText(
      new Map(Object.entries(entries).map(([name, entry]) => [`StatefulSet/${name}` as WorkloadKey, entry])),
    ) as string,
  );
const failed = restarted(HOUR, 'failed:timeout');
const NEW = sidecar({ image: expected().image });

describe('an operator that begins to lead', () => {
  it('halts for what a former leader’s restarts came to', async () => {
    const all = ['a', 'b', 'c'].map((name) => web({ name, uid: name }));
    const store = stored({ 'shop/a': { ...failed, uid: 'a' }, 'shop/b': { ...failed, uid: 'b' } });
    await using bench = new OperatorBench({ workloads: () => all, store }).start();
    await until('an evaluation', () => bench.evaluations > 0);
    await bench.stepDown();
    assert.deepEqual([bench.patched, Object.keys(store.restarts)], [[], ['StatefulSet/shop/a', 'StatefulSet/shop/b']]);
  });

  it('follows what a former leader has left in flight, though no scan has seen it, and lets it hold its slot', async () => {
    const unseen = restarted(HOUR, undefined, { uid: 'x' });
    const store = stored({ 'hidden/x': unseen });
    await using bench = new OperatorBench({
      workloads: () => [web(), web({ namespace: 'hidden', name: 'x', uid: 'x' })],
      forbidden: ['x'],
      policy: { maxInFlight: 1, skipNamespaces: new Set(['hidden']) },
      store,
    }).start();
    await until('the trouble', () => bench.told.includes('trouble: x'));
    assert.deepEqual([bench.patched, bench.journal.entries.size], [[], 1]);
  });

  it('forgets what was in flight of a workload that is gone, and gives its slot to the next', async () => {
    const store = stored({ 'shop/gone': restarted(MINUTE, undefined, { uid: 'gone' }) });
    await using bench = new OperatorBench({ workloads: () => [web()], policy: { maxInFlight: 1 }, store }).start();
    await until('the restart', () => bench.patched.length > 0);
    assert.deepEqual(bench.patched, ['web']);
    assert.ok(!('StatefulSet/shop/gone' in store.restarts));
  });

  it('keeps what failed in a namespace that cannot be listed yet', async () => {
    const store = stored({ 'bank/a': failed, 'bank/b': failed });
    await using bench = new OperatorBench({
      workloads: () => [web({ name: 'c', uid: 'c' })],
      unlisted: (namespace) => namespace === 'bank',
      policy: { maxInFlightPerNamespace: 9 },
      store,
      given: { namespaces: ['shop', 'bank'] },
    }).start();
    await until('the restart', () => bench.patched.length > 0);
    assert.deepEqual(Object.keys(store.restarts), ['StatefulSet/bank/a', 'StatefulSet/bank/b', 'StatefulSet/shop/c']);
  });

  for (const [what, given] of [
    ['the policy leaves out', { policy: { kinds: new Set(['Deployment']) } }],
    ['may not be listed for a while', { unreadable: ['Rollout'] }],
  ] as const)
    it(`keeps what failed of a kind that ${what}, and the halt of its namespace`, async () => {
      const [kind] = 'unreadable' in given ? given.unreadable : ['StatefulSet'];
      const all = ['a', 'b'].map((name) => workload({ kind, name, uid: name }));
      const keys = all.map(keyOf);
      const entries = all.map(({ uid }) => ({ ...failed, uid }));
      const store = new FakeStore(
        journalText(new Map(keys.map((key, place) => [key, entries[place] as JournalEntry]))) as string,
      );
      await using bench = new OperatorBench({ workloads: () => [...all, workload()], store, ...given }).start();
      await until('an evaluation', () => bench.evaluations > 0);
      await bench.stepDown();
      assert.deepEqual([bench.patched, Object.keys(store.restarts)], [[], keys]);
    });

  it('forgets what failed in a namespace that is seen, and where nothing of it is there', async () => {
    const store = stored({ 'bank/a': failed, 'bank/b': failed });
    await using bench = new OperatorBench({ workloads: () => [web()], store }).start();
    await until('the restart', () => bench.patched.length > 0);
    assert.deepEqual(Object.keys(store.restarts), ['StatefulSet/shop/web']);
  });
});

/** A mesh that a test changes. */
class WatchedMesh {
  #mesh: Mesh = MESH;
  #changed = (): void => undefined;

  change(mesh: Mesh): void {
    this.#mesh = mesh;
    this.#changed();
  }

  mesh(): Mesh {
    return this.#mesh;
  }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  async settled(): Promise<void> {}
  stale(): undefined {}
  answersChanged(): void {}
  sourcesChanged(): void {}
}

test('a change of the mesh does not end the run of restarts that only remove a sidecar', async () => {
  const began = performance.now();
  let ahead = 0;
  const watched = new WatchedMesh();
  await using bench = new OperatorBench({
    workloads: () => [],
    given: {
      now: () => NOW + performance.now() - began + ahead,
      watch: () => watched,
    },
  }).start();
  await until('an evaluation', () => bench.evaluations > 0);
  for (const run of [nobody(undefined).run, 'gone']) bench.journal.note(run, { startedAt: NOW });
  watched.change({ ...MESH });
  ahead = HOUR;
  bench.operator.ring();
  await until('the change', () => !bench.journal.notes.has('gone'));
  assert.deepEqual([...bench.journal.notes.keys()], [nobody(undefined).run]);
});

test('an edit that shortens the delay after a change of the mesh shortens the one that has begun', async () => {
  let [now, delay] = [NOW, HOUR];
  const watched = new WatchedMesh();
  await using bench = new OperatorBench({
    workloads: () => [],
    given: {
      now: () => now,
      policy: () => policy({ istiodConfigReadDelay: delay }),
      watch: () => watched,
    },
  }).start();
  await until('an evaluation', () => bench.evaluations > 0);
  bench.journal.note('gone', { startedAt: NOW });
  watched.change({ ...MESH, injections: [injection({ epoch: 'another' })] });
  now += MINUTE;
  bench.operator.ring();
  await until('the change', () => !bench.journal.notes.has('gone'));
  const { scans } = bench;
  delay = MINUTE / 2;
  now += MINUTE;
  bench.operator.policyChanged();
  await until('a scan', () => bench.scans > scans);
});

test('a wave is not done because the kind of its workloads may not be listed for a while', async () => {
  const unreadable: string[] = [];
  const rollout = { ...complete(3), available: 0 };
  const rolling = workload({ kind: 'Rollout', name: 'first', uid: 'first', strategy: 'canary', rollout });
  const waves = [wave('canary', { match: [{ kinds: ['Rollout'] }] })];
  await using bench = new OperatorBench({
    workloads: () => [rolling, workload()],
    unreadable,
    policy: { waves },
  }).start();
  await until('an evaluation', () => bench.evaluations > 0);
  await bench.stepDown();
  assert.deepEqual(bench.patched, []);
  unreadable.push('Rollout');
  const before = bench.evaluations;
  bench.lead();
  await until('an evaluation', () => bench.evaluations > before);
  await bench.stepDown();
  assert.deepEqual(bench.patched, []);
});

describe('what the metrics say of the terms of one process', () => {
  /** An operator that only looks at an outdated workload. @param onDecided called when a decision is logged */
  function looking(onDecided: () => void = () => undefined) {
    const metrics = new Metrics('0.0.0');
    const silent = () => undefined;
    const clock = { wall: NOW };
    const report = new Report({
      logger: { debug: silent, info: (said) => said === 'Decided' && onDecided(), warn: silent, error: silent },
      metrics,
      cluster: { emit: async () => undefined },
      namespace: 'meltemi',
      wall: () => clock.wall,
    });
    const bench = new OperatorBench({
      workloads: () => [web()],
      pauseState: { paused: 'only looks' },
      given: { report },
    });
    return { bench, metrics, clock };
  }

  it('a workload is outdated since this term has seen it: another leader may have restarted it before', async () => {
    const { bench, metrics, clock } = looking();
    const since: (number | undefined)[] = [];
    metrics.oldestOutdated = (time) => void since.push(time);
    await using operator = bench.start();
    await until('an evaluation', () => since.at(-1) === NOW);
    await operator.stepDown();
    clock.wall += HOUR;
    const before = since.length;
    operator.lead();
    await until('an evaluation of the next term', () => since.length > before);
    assert.equal(since.at(-1), NOW + HOUR);
  });

  it('an evaluation that is under way when the term ends leaves nothing behind', async () => {
    let ended = false;
    const { bench, metrics } = looking(() => {
      metrics.leads(false);
      ended = true;
      void bench.stepDown();
    });
    await using _running = bench.start();
    await until('the end of the term', () => ended);
    await bench.stepDown();
    assert.doesNotMatch(await metrics.registry.metrics(), /^meltemi_workloads\{/m);
  });
});

describe('an operator whose journal is lost', () => {
  const template = { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - MINUTE) }, spec: {} };
  const annotations = recorded(restarted(MINUTE));

  for (const text of [undefined, 'no journal', '{"version":9}'])
    it(`takes up what stands on workloads, no more than there are slots: ${text}`, async () => {
      const flying = Array.from({ length: 8 }, (_, i) =>
        web({
          name: `w${i}`,
          uid: `w${i}`,
          template,
          annotations: { ...annotations },
          rollout: { ...complete(3), ready: 0 },
        }),
      );
      const store = new FakeStore(text);
      await using bench = new OperatorBench({
        workloads: () => flying,
        policy: { maxInFlight: 3, maxInFlightPerNamespace: 9 },
        store,
      }).start();
      await until('the journal', () => Object.keys(store.restarts).length === 3);
      assert.ok(bench.told.some((said) => said.startsWith('rebuilt: ')));
      assert.equal(
        bench.told.some((said) => said.startsWith('unreadable: ')),
        text !== undefined,
      );
      assert.deepEqual(bench.patched, []);
    });

  it('takes up what stands in a namespace that could not be read at first', async () => {
    let isAway = true;
    const flying = web({ namespace: 'bank', template, annotations, rollout: { ...complete(3), ready: 0 } });
    const waiting = [web({ name: 'a', uid: 'a' }), web({ name: 'b', uid: 'b' })];
    await using bench = new OperatorBench({
      workloads: () => [flying, ...waiting],
      unlisted: (namespace) => namespace === 'bank' && isAway,
      policy: { maxInFlight: 2, maxInFlightPerNamespace: 1 },
      given: { namespaces: ['shop', 'bank'] },
    }).start();
    await until('an evaluation', () => bench.evaluations > 0);
    isAway = false;
    await until('the journal', () => bench.journal.entries.has(keyOf(flying)));
  });

  it('takes up no more than there are slots where a namespace is read later', async () => {
    let isAway = true;
    const flying = ['shop', 'bank'].map((namespace) =>
      web({ namespace, template, annotations, rollout: { ...complete(3), ready: 0 } }),
    );
    await using bench = new OperatorBench({
      workloads: () => flying,
      unlisted: (namespace) => namespace === 'bank' && isAway,
      policy: { maxInFlight: 1 },
      given: { namespaces: ['shop', 'bank'] },
    }).start();
    await until('the journal', () => bench.journal.entries.size > 0);
    isAway = false;
    await until('the other namespace', () =>
      bench.assessed.some(({ workload: { namespace } }) => namespace === 'bank'),
    );
    assert.deepEqual([...bench.journal.entries.keys()], ['StatefulSet/shop/web']);
  });

  it('stores again what it knows itself, where someone has deleted the Lease while it led', async () => {
    const store = stored({ 'shop/web': { ...failed, restartedFor: fingerprint(expected()) } });
    await using bench = new OperatorBench({ workloads: () => [web()], store }).start();
    await until('an evaluation', () => bench.evaluations > 0);
    await bench.stepDown();
    store.stored = undefined;
    bench.lead();
    await until('the journal', () => store.stored !== undefined);
    assert.equal(store.restarts['StatefulSet/shop/web']?.outcome, 'failed:timeout');
    assert.deepEqual(bench.patched, []);
  });

  it('takes up what another leader has begun since it led, where someone has deleted the Lease then', async () => {
    const store = stored({ 'shop/web': { ...failed, restartedFor: fingerprint(expected()) } });
    const flying = web({ namespace: 'bank', rollout: { ...complete(3), ready: 0 } });
    let isFlying = false;
    await using bench = new OperatorBench({
      workloads: () => [web(), isFlying ? { ...flying, template, annotations } : flying],
      pauseState: { paused: 'only looks' },
      store,
    }).start();
    await until('an evaluation', () => bench.evaluations > 0);
    await bench.stepDown();
    isFlying = true;
    store.stored = undefined;
    bench.lead();
    await until('the journal', () => store.stored !== undefined);
    assert.deepEqual(Object.keys(store.restarts), ['StatefulSet/shop/web', 'StatefulSet/bank/web']);
    assert.equal(store.restarts['StatefulSet/shop/web']?.outcome, 'failed:timeout');
  });

  it('takes no slots for records that were forged, and follows nothing', async () => {
    const forged = { ...recorded(restarted(0, undefined)), 'meltemi.dev/restarted-at': '9998-01-01T00:00:00Z' };
    const far = { ...template, annotations: { [RESTARTED_AT]: '9998-01-01T00:00:00Z' } };
    const evil = Array.from({ length: 50 }, (_, i) =>
      web({ namespace: 'tenant', name: `evil${i}`, uid: `e${i}`, annotations: { ...forged }, template: far }),
    );
    await using bench = new OperatorBench({ workloads: () => [...evil, web()], policy: { maxInFlight: 1 } }).start();
    await until('the restart', () => bench.patched.length > 0);
    assert.deepEqual([bench.patched, bench.journal.entries.size], [['web'], 1]);
  });
});

describe('a ReplicaSet without pods, whose restart has failed', () => {
  const bare = workload({ kind: 'ReplicaSet' });
  const journalled = () =>
    new FakeStore(journalText(new Map([[keyOf(bare), { ...failed, uid: bare.uid, evicts: true }]])) as string);

  it('is forgotten once it is deleted: its failure would hold others for a day', async () => {
    const store = journalled();
    await using _bench = new OperatorBench({ workloads: () => [], store }).start();
    await until('the journal', () => Object.keys(store.restarts).length === 0);
  });

  for (const [name, forbidden, there] of [
    ['is there, without pods', [], bare],
    ['cannot be read', [bare.name], undefined],
  ] as const)
    it(`is not forgotten where it ${name}`, async () => {
      await using bench = new OperatorBench({
        workloads: () => (there ? [there] : []),
        pods: () => [],
        forbidden,
        store: journalled(),
      }).start();
      await until('a look', () => bench.lookedAt.has(bare.name));
      const { evaluations } = bench;
      bench.operator.ring();
      await until('another evaluation', () => bench.evaluations > evaluations);
      assert.deepEqual([...bench.journal.entries.keys()], [keyOf(bare)]);
    });
});

test('what the journal remembers of a run reaches the plan', async () => {
  await using bench = new OperatorBench({
    workloads: () => [web()],
    policy: { waves: [wave('shop')], paused: 'only looks' },
  });
  // of a wave that the policy has no longer: the plan says that it need not be remembered
  bench.journal.note('run', { waves: { gone: { endedAt: NOW - HOUR } } });
  bench.start();
  await until('an evaluation', () => bench.evaluations > 0);
  await until('the note to be dropped', () => Object.keys(bench.journal.notes.get('run')?.waves ?? {}).length === 0);
});

it('ten thousand workloads that are made again and again leave nothing behind', async () => {
  const [generations, each] = [20, 500];
  let generation = 0;
  const name = (index: number): string => `g${generation}-${index}`;
  const all = () => Array.from({ length: each }, (_, i) => web({ name: name(i), uid: name(i) }));
  await using bench = new OperatorBench({ workloads: all, pauseState: { paused: 'only looks' } }).start();
  for (; generation < generations; generation++) {
    bench.journal.adopt(new Map(all().map((one) => [keyOf(one), restarted(HOUR, 'failed:timeout', { uid: one.uid })])));
    const text = await journalText(bench.journal.entries);
    await until('the journal', () => bench.store.stored === text);
    await bench.stepDown();
    const before = bench.evaluations;
    bench.lead();
    await until('an evaluation', () => bench.evaluations > before);
    assert.deepEqual([bench.assessed.length, bench.journal.entries.size], [each, each]);
  }
  const rest = (await journalText(bench.journal.entries)).length;
  assert.ok(rest < 64 * 1024, `${rest} bytes`);
});

it('of many that wait, only those that lists show as changed are looked at', async () => {
  let now = NOW;
  const rolling = Array.from({ length: 40 }, (_, index) =>
    web({ name: `web-${index}`, uid: `web-${index}`, resourceVersion: '1', paused: true }),
  );
  const bench = new OperatorBench({ workloads: () => rolling, given: { now: () => now } });
  await using running = bench.start();
  await until('an evaluation', () => running.evaluations > 0);
  const pass = (): Promise<void> =>
    bench.pass(35, () => {
      now += 1000;
    });
  await pass();
  assert.deepEqual([bench.surveys, bench.looks, bench.patched], [1, 0, []]);
  rolling[7] = { ...(rolling[7] as Workload), resourceVersion: '2', paused: false };
  await pass();
  assert.deepEqual([bench.surveys, bench.patched, [...bench.lookedAt]], [2, ['web-7'], ['web-7']]);
});

describe('half a minute later at the latest', () => {
  let now = NOW;
  const given = { now: () => now };
  const pass = (bench: OperatorBench): Promise<void> =>
    bench.pass(35, () => {
      now += 1000;
    });

  it('it is seen that the pods of a failed restart are ready after all', async () => {
    const rollout = { ...complete(3), ready: 2, available: 2 };
    let one = web({ rollout });
    const pods = (of: Workload) => ['a', 'b', 'c'].map((name) => pod(of, { name, uid: name, sidecar: NEW }));
    await using bench = new OperatorBench({
      workloads: () => [one],
      pods,
      store: stored({ 'shop/web': failed }),
      given,
    });
    bench.start();
    await until('an evaluation', () => bench.evaluations > 0);
    one = web({ rollout: complete(3), resourceVersion: '2' });
    await pass(bench);
    assert.deepEqual(bench.told, ['web: verified']);
    const { looks } = bench;
    await pass(bench);
    assert.equal(bench.looks, looks, 'then nobody looks any more');
  });

  it('it is seen that the workload whose template a Rollout uses is there again', async () => {
    const lender = workload({ name: 'lender', uid: 'lender', template: workload().template });
    const rollout = (given: Partial<Workload>): Workload =>
      workload({ kind: 'Rollout', strategy: 'canary', templateFrom: { kind: 'Deployment', name: 'lender' }, ...given });
    let all = [rollout({ pendingUpdate: { detail: 'paused' } }), lender];
    await using bench = new OperatorBench({ workloads: () => all, given }).start();
    await until('an evaluation', () => bench.evaluations > 0);
    all = [rollout({ pendingUpdate: { detail: 'paused' } })];
    await pass(bench);
    const states = () =>
      bench.assessed.flatMap(({ workload: { kind }, verdict }) => (kind === 'Rollout' ? verdict.state : []));
    assert.deepEqual(states(), ['unknown']);
    all = [rollout({ pendingUpdate: { detail: 'paused' } }), lender];
    await pass(bench);
    assert.deepEqual(states(), ['outdated']);
  });

  it('it is seen that the others of a rollout group are ready, though they wait for nothing themselves', async () => {
    const member = (name: string, given: Partial<Workload> = {}): Workload =>
      web({
        name,
        uid: name,
        strategy: 'OnDelete',
        maxUnavailable: 1,
        rolloutGroup: { name: 'ingester', paused: false },
        ...given,
      });
    const zones = Array.from({ length: 20 }, (_, zone) => member(`zone-${zone}`));
    const unready = member('current', { rollout: { ...complete(3), ready: 2, available: 2 } });
    let all = [...zones, unready];
    const pods = (of: Workload) => (of.name === 'current' ? [pod(of, { sidecar: NEW })] : [pod(of)]);
    await using bench = new OperatorBench({ workloads: () => all, pods, given }).start();
    await until('an evaluation', () => bench.evaluations > 0);
    const waits = () => bench.assessed.flatMap(({ step }) => (step.action === 'wait' ? step.reason.code : []));
    assert.deepEqual([...new Set(waits())], ['group-not-ready']);
    all = [...zones, member('current', { resourceVersion: '2' })];
    await pass(bench);
    assert.ok(!waits().includes('group-not-ready'));
  });
});
