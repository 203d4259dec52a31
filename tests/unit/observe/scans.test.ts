import assert from 'node:assert/strict';
import { networkError, statusError } from '../../../src/cluster/apiError.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { keyOf, NO_NAMESPACE, type WorkloadKey } from '../../../src/model.ts';
import { Observations } from '../../../src/observe/observations.ts';
import type { Observed } from '../../../src/observe/observed.ts';
import { Scans } from '../../../src/observe/scans.ts';
import { NOW, workload } from '../../builders/workload.ts';

const SECOND = 1000;
const PERIOD = 600 * SECOND;
const CALL = { method: 'GET', path: '/apis/apps/v1/namespaces/b/deployments' };
const forbidden = () => statusError(CALL, { code: 403, reason: 'Forbidden', message: 'no role' });
const notFound = () => statusError(CALL, { code: 404, reason: 'NotFound', message: 'no such namespace' });
const broken = () => statusError(CALL, { code: 500, reason: 'InternalError', message: 'etcd' });
const unreachable = () => networkError(CALL, 'https://api', new Error('reset'));

const observed = (namespace: string): Observed => ({
  workload: workload({ namespace }),
  templateHash: 'h',
  groups: [],
  onLostNodes: 0,
  budgets: [],
});
const meshOf = (...namespaces: string[]): Mesh => ({
  injections: [],
  namespaces: new Map(namespaces.map((name) => [name, NO_NAMESPACE])),
});

/** Scans of these namespaces in a time that only this moves; each fails with what `failing` says. */
function scansOf(namespaces: string[], failing: Map<string | undefined, () => Error>, reconcilePeriod = PERIOD) {
  const observations = new Observations();
  const [tried, told]: [string[], string[]] = [[], []];
  const skip = new Set<string>();
  const denied = new Set<string>();
  const clock = { now: NOW, during: (): void => undefined };
  const scans = new Scans({
    observer: {
      mayList: (kind) => !denied.has(kind),
      scan: async (_mesh, namespace) => {
        tried.push(namespace ?? '(all)');
        clock.during();
        const error = failing.get(namespace)?.();
        if (error) throw error;
        const found = denied.size > 0 ? [] : namespace === undefined ? ['a', 'b'] : [namespace];
        return new Map(
          found.map((name): [WorkloadKey, Observed] => [keyOf(workload({ namespace: name })), observed(name)]),
        );
      },
    },
    observations,
    busy: new Set(),
    policy: () => ({ restartOn: new Set(), skipNamespaces: skip, kinds: new Set(['Deployment']) }),
    namespaces,
    reconcilePeriod,
    now: () => clock.now,
    report: {
      scanned: () => undefined,
      scanFailed: (_error, _wait, { namespace, isNews, isGone }) => {
        if (isNews) told.push(`${namespace ?? '(all)'}${isGone ? ' gone' : ''}`);
      },
    },
  });
  const state = { mesh: meshOf('a', 'b'), signal: new AbortController().signal };
  /** Runs whatever is due until a time from now. @returns what was scanned, with seconds from now */
  const pass = async (seconds: number): Promise<string[]> => {
    const [from, until] = [clock.now, clock.now + seconds * SECOND];
    const log: string[] = [];
    for (; scans.dueAt() <= until; ) {
      clock.now = Math.max(clock.now, scans.dueAt());
      tried.length = 0;
      await scans.run(state.mesh, state.signal);
      log.push(...tried.map((name) => `${name}@${(clock.now - from) / SECOND}`));
    }
    clock.now = until;
    return log;
  };
  const seen = () =>
    observations
      .all()
      .map(({ workload: { namespace }, unread }) => (unread === undefined ? namespace : `${namespace} unread`));
  return { scans, pass, seen, told, clock, skip, denied, state };
}

test('namespaces are scanned each by itself, once a period', async () => {
  const { pass, seen } = scansOf(['a', 'b'], new Map());
  assert.deepEqual(await pass(601), ['a@0', 'b@0', 'a@600', 'b@600']);
  assert.deepEqual(seen(), ['a', 'b']);
});

for (const [what, error] of Object.entries({ forbidden, notFound, broken, unreachable }))
  for (const order of [
    ['a', 'b'],
    ['b', 'a'],
  ])
    test(`of ${order}, b is ${what}: a is scanned all the same, and b again with a back-off of its own`, async () => {
      const { scans, pass, seen, told } = scansOf(order, new Map([['b', error]]));
      const log = await pass(200);
      assert.deepEqual(
        log.filter((one) => one.startsWith('a')),
        ['a@0'],
      );
      assert.deepEqual(
        log.filter((one) => one.startsWith('b')).map((one) => Number(one.slice(2))),
        [0, 1, 3, 7, 15, 31, 63, 123, 183],
      );
      assert.deepEqual(seen(), ['a']);
      assert.ok(scans.isUsable);
      assert.deepEqual(told, ['b'], 'it is told once');
    });

test('another failure, or the same after a success, is told again', async () => {
  const failing = new Map<string | undefined, () => Error>([['b', forbidden]]);
  const { pass, told } = scansOf(['a', 'b'], failing);
  await pass(10);
  failing.set('b', broken);
  await pass(200);
  assert.deepEqual(told, ['b', 'b']);
  failing.delete('b');
  await pass(61);
  failing.set('b', broken);
  await pass(700);
  assert.deepEqual(told, ['b', 'b', 'b']);
});

test('a namespace that is gone is forgotten, and seen again when it comes back', async () => {
  const failing = new Map<string | undefined, () => Error>();
  const { scans, pass, seen, told, state } = scansOf(['a', 'b'], failing);
  await pass(1);
  failing.set('b', forbidden);
  state.mesh = meshOf('a');
  scans.askFor(['b']);
  await pass(300);
  assert.deepEqual([seen(), told], [['a'], ['b gone']]);
  failing.delete('b');
  state.mesh = meshOf('a', 'b');
  scans.askFor(['b']);
  assert.deepEqual(await pass(0), ['b@0']);
  assert.deepEqual(seen(), ['a', 'b']);
});

test('what the journal has of a namespace that is gone may be forgotten, and not of one that may not be read', async () => {
  const { scans, pass, state } = scansOf(['a', 'b'], new Map([['b', forbidden]]));
  const ref = workload({ namespace: 'b' });
  await pass(1);
  assert.equal(scans.hasSeen(ref), false);
  state.mesh = meshOf('a');
  await pass(10);
  assert.equal(scans.hasSeen(ref), true);
  state.mesh = meshOf('a', 'b');
  await pass(10);
  assert.equal(scans.hasSeen(ref), false);
});

test('what is not in a scan counts as deleted only where the scan was to show it', async () => {
  const { scans, pass, skip, denied, clock } = scansOf([], new Map());
  const ref = workload({ namespace: 'a' });
  assert.equal(scans.hasSeen(ref), false, 'before the first scan');
  await pass(1);
  assert.equal(scans.hasSeen(ref), true);
  assert.equal(scans.hasSeen({ ...ref, kind: 'StatefulSet' }), false, 'a kind that is switched off');
  denied.add('Deployment');
  assert.equal(scans.hasSeen(ref), false, 'a kind that may not be listed');
  denied.clear();
  scans.askForAll(clock.now);
  assert.equal(scans.hasSeen(ref), false, 'before the scan of a changed mesh');
  skip.add('a');
  await pass(1);
  assert.equal(scans.hasSeen(ref), false, 'a namespace that was skipped');
  assert.equal(scans.hasSeen(workload({ namespace: 'b' })), true);
});

test('what was seen in a namespace that has become forbidden is kept and not assessed', async () => {
  const failing = new Map<string | undefined, () => Error>();
  const { scans, pass, seen } = scansOf(['a', 'b'], failing);
  await pass(1);
  failing.set('b', forbidden);
  scans.askFor(['b']);
  await pass(0);
  assert.deepEqual(seen(), ['a', 'b unread']);
});

test('workloads of a kind that has become forbidden are kept and not assessed, until it may be listed', async () => {
  const { pass, seen, denied } = scansOf([], new Map());
  await pass(0);
  denied.add('Deployment');
  await pass(PERIOD / SECOND);
  assert.deepEqual(seen(), ['a unread', 'b unread']);
  denied.clear();
  await pass(60);
  assert.deepEqual(seen(), ['a', 'b']);
});

test('… within a minute also without periodic scans, and where only a changed namespace was scanned', async () => {
  const { pass, seen, denied, scans } = scansOf([], new Map(), 0);
  await pass(0);
  denied.add('Deployment');
  scans.askFor(['a']);
  await pass(0);
  assert.deepEqual(seen(), ['a unread', 'b']);
  denied.clear();
  await pass(60);
  assert.deepEqual(seen(), ['a', 'b']);
});

test('what was seen before an error that passes counts, unless the mesh has changed', async () => {
  const failing = new Map<string | undefined, () => Error>();
  const { scans, clock, pass, seen } = scansOf(['a', 'b'], failing);
  await pass(1);
  failing.set('b', broken);
  scans.askFor(['b']);
  await pass(0);
  assert.deepEqual(seen(), ['a', 'b']);
  scans.askForAll(clock.now);
  await pass(0);
  assert.deepEqual(seen(), ['a', 'b unread']);
});

test('a cluster that is scanned as a whole is not assessed before it was seen', async () => {
  const failing = new Map<string | undefined, () => Error>([[undefined, broken]]);
  const { scans, pass, clock } = scansOf([], failing);
  assert.deepEqual(await pass(4), ['(all)@0', '(all)@1', '(all)@3']);
  assert.equal(scans.isUsable, false);
  failing.clear();
  await pass(10);
  assert.equal(scans.isUsable, true);
  scans.askForAll(clock.now + SECOND);
  assert.equal(scans.isUsable, false);
});

test('a relabelled namespace is scanned alone, or with all that is awaited, and only where it is looked after', async () => {
  const whole = scansOf([], new Map());
  await whole.pass(1);
  whole.scans.askFor(['b']);
  assert.deepEqual(await whole.pass(1), ['b@0']);
  whole.scans.askFor(['b']);
  whole.scans.askForAll(whole.clock.now + 5 * SECOND);
  whole.scans.askFor(['a']);
  assert.deepEqual(await whole.pass(10), ['(all)@5']);
  const one = scansOf(['a'], new Map());
  await one.pass(1);
  one.scans.askFor(['b']);
  assert.deepEqual(await one.pass(1), []);
});

test('a relabelled namespace that cannot be scanned is tried again with back-off, and forgotten when it is gone', async () => {
  const failing = new Map<string | undefined, () => Error>([['b', broken]]);
  const { scans, pass, seen } = scansOf([], failing);
  await pass(1);
  scans.askFor(['b']);
  assert.deepEqual(await pass(10), ['b@0', 'b@1', 'b@3', 'b@7']);
  failing.clear();
  assert.deepEqual(await pass(100), ['b@5']);
  assert.deepEqual(seen(), ['a', 'b']);
});

test('other skipped namespaces ask for a scan, also when they come while one is made', async () => {
  const { scans, pass, skip, clock } = scansOf([], new Map(), 0);
  assert.deepEqual(await pass(1), ['(all)@0']);
  scans.policyChanged();
  assert.deepEqual(await pass(1), []);
  skip.add('b');
  scans.policyChanged();
  clock.during = () => {
    skip.add('c');
    scans.policyChanged();
  };
  assert.deepEqual(await pass(1), ['(all)@0', '(all)@0']);
});

test('a namespace counts as not read until its scan has ended well, unless it is gone or skipped', async () => {
  const failing = new Map([['b', forbidden]]);
  const { scans, pass, skip, state } = scansOf(['a', 'b'], failing);
  assert.equal(scans.unseen(state.mesh), 'namespace a has not been read yet');
  await pass(0);
  assert.equal(scans.unseen(state.mesh), 'namespace b has not been read yet');
  assert.equal(scans.unseen(meshOf('a')), undefined);
  skip.add('b');
  assert.equal(scans.unseen(state.mesh), undefined);
  skip.clear();
  failing.clear();
  await pass(120);
  assert.equal(scans.unseen(state.mesh), undefined);
  assert.equal(scansOf([], new Map()).scans.unseen(state.mesh), undefined);
});
