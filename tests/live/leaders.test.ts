import assert from 'node:assert/strict';
import { LEASE_NAME } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { SlowApi } from '../testbed/slowApi.ts';
import { BEHAVIOUR } from '../testbed/stages.ts';
import { Hopeless, until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { each, fleet } from './fleet.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion, comingVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };

/** The lease, a look of who stands by with its jitter, one scan; and as much again, because the machine is busy with other things. */
const TAKE_OVER = 2 * (15_000 + 2 * 2200 + 3000);
const HAND_OVER = 12_000;
const COUNT = 14;

/** Workloads that take a while each, so that two at a time keep a leader busy for half a minute. */
const slowFleet = (name: string): Promise<string[]> => fleet(bed, name, COUNT, INJECTED, { readyAfter: '4s' });

/** Two replicas of one operator; the first leads. Each has a user of its own, so that the audit log tells them apart. */
async function pair(name: string): Promise<[leader: Scene, other: Scene]> {
  const flags = ['--max-in-flight', '2'];
  return [await Scene.start(bed, `${name}-first`, ...flags), await Scene.standby(bed, `${name}-second`, ...flags)];
}

/** How often each workload was restarted by whomever. */
async function counts(scenes: readonly Scene[]): Promise<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const scene of scenes)
    for (const [key, count] of Object.entries(await scene.restartCounts())) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

const written = async (scene: Scene): Promise<number> => (await scene.restarts()).length;

/** Upgrades the mesh and waits until the leader has some restarts done and others in flight, with most still to come. */
async function halfWay(leader: Scene): Promise<void> {
  await bed.istio.upgrade('default', nextVersion());
  await until('the leader to be at work', 90_000, async () => (await written(leader)) >= 4);
  await until('restarts to be in flight', 30_000, async () => (await leader.inFlight()).length > 0);
}

test('the leader is killed half-way: the other goes on, and every workload is written exactly once', async () => {
  const namespaces = await slowFleet('killed');
  const [leader, other] = await pair('killed');
  try {
    await halfWay(leader);
    assert.equal(await written(other), 0, 'only the leader writes');
    await leader.operator.kill();
    const killedAt = Date.now();
    assert.ok((await written(leader)) < COUNT, 'the leader was killed before its work was done');
    await until('the other to go on', TAKE_OVER, async () => (await other.attempts(killedAt)).length > 0);
    await other.current(namespaces, version(), 'default', 150);
    assert.deepEqual(await counts([leader, other]), each(namespaces));
  } finally {
    await Promise.all([leader.stop(), other.stop()]);
  }
});

interface Lease extends ApiObject {
  readonly spec: { readonly holderIdentity: string };
}

const holder = async (): Promise<string> =>
  (await bed.api.get<Lease>(pathOf('Lease', 'default', LEASE_NAME))).spec.holderIdentity;

/** Lets the stuck pods of these namespaces become ready; those that have not started yet would be changed under kwok's hands. */
async function release(namespaces: readonly string[]): Promise<void> {
  const annotations = { [BEHAVIOUR.stuckWithProxy]: null };
  for (const namespace of namespaces)
    for (const { pod, phase, ready } of await bed.sidecars(namespace))
      if (!ready && phase === 'Running')
        await bed.api.patch(pathOf('Pod', namespace, pod), { metadata: { annotations } });
}

const allReady = async (namespaces: readonly string[]): Promise<boolean> =>
  (await Promise.all(namespaces.map((namespace) => bed.sidecars(namespace)))).flat().every(({ ready }) => ready);

test('a leader that stood still past its lease writes nothing when it wakes, though its restarts have just ended', async () => {
  const namespaces = await fleet(bed, 'frozen', 6, INJECTED, { stuckWithProxy: comingVersion() });
  const [leader, other] = await pair('frozen');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('two restarts in flight', 90_000, async () => (await leader.inFlight()).length === 2);
    leader.operator.freeze();
    const first = await holder();
    await until('the other to take over', TAKE_OVER, async () => (await holder()) !== first);
    const begun = Object.keys(await leader.restartCounts()).map((key) => key.split('/')[1] ?? '');
    const before = (await leader.attempts()).length;
    const silent = async (): Promise<void> => {
      const asked = (await leader.attempts()).slice(before);
      if (asked.length > 0) throw new Hopeless(`the woken one asked for ${JSON.stringify(asked)}`);
    };
    await until(
      'their pods to be ready',
      30_000,
      async () => {
        await release(begun);
        return allReady(begun);
      },
      10,
    );
    // both see now that the restarts have ended, the woken one first: its timers are overdue
    leader.operator.thaw();
    await until('the rest to be brought to the end', 180_000, async () => {
      await silent();
      await release(namespaces);
      const ended = Object.keys(await other.outcomes());
      const state = async () => `held by ${await holder()}, first ${first}, ended ${ended.join(', ')}`;
      return ended.length === namespaces.length || new Error(await state());
    });
    await silent();
    assert.deepEqual(await counts([leader, other]), each(namespaces));
    await other.current(namespaces, version(), 'default');
  } finally {
    leader.operator.thaw();
    await Promise.all([leader.stop(), other.stop()]);
  }
});

test('a leader whose answers stay away loses its Lease, and what it still wanted to write never arrives', async () => {
  const namespaces = await fleet(bed, 'blocked', 20, INJECTED, { readyAfter: '2s' });
  const slow = await SlowApi.up(bed.cluster, 20);
  const flags = ['--max-in-flight', '8'];
  const leader = await Scene.slow(bed, slow, 'blocked-first', ...flags);
  const other = await Scene.standby(bed, 'blocked-second', ...flags);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('the leader to be at work', 90_000, async () => (await written(leader)) >= 4, 5);
    const first = await holder();
    // all its connections are taken by now by questions that nobody answers, and its writes queue behind them
    slow.delay = 25_000;
    await until('the other to take over', TAKE_OVER, async () => (await holder()) !== first);
    const takenAt = Date.now();
    assert.ok((await written(leader)) < namespaces.length, 'it had still to write');
    slow.delay = 0;
    await other.current(namespaces, version(), 'default', 150);
    await stays('it writes nothing more', 10_000, async () => (await leader.attempts(takenAt)).length === 0);
    assert.deepEqual(await counts([leader, other]), each(namespaces));
  } finally {
    await Promise.all([leader.stop(), other.stop()]);
    await slow.down();
  }
});

test('a leader that is told to stop hands over within seconds', async () => {
  const namespaces = await slowFleet('stopped');
  const [leader, other] = await pair('stopped');
  try {
    await halfWay(leader);
    assert.equal(await leader.operator.stop(), 0);
    const stoppedAt = Date.now();
    await until('the other to go on', HAND_OVER, async () => (await other.attempts(stoppedAt)).length > 0);
    await other.current(namespaces, version(), 'default', 150);
    assert.deepEqual(await counts([leader, other]), each(namespaces));
  } finally {
    await Promise.all([leader.stop(), other.stop()]);
  }
});
