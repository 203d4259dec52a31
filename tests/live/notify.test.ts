import assert from 'node:assert/strict';
import { LEASE_ANNOTATION, LEASE_NAME } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { each, fleet } from './fleet.ts';
import { HookReceiver, SECRET } from './hookReceiver.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

const { version, nextVersion, comingVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };

/** The lease, and the new leader's scan; and as much again, because the machine is busy with other things. */
const TAKE_OVER = 2 * (15_000 + 2 * 2200 + 3000);

/** Waits until the journal on the Lease has no news that somebody waits for. */
async function allTold(): Promise<void> {
  await until('the Lease to have nothing untold', 20_000, async () => {
    const { metadata } = await bed.api.get<ApiObject>(pathOf('Lease', 'default', LEASE_NAME));
    return !metadata.annotations?.[LEASE_ANNOTATION.journal]?.includes('"untold":[{');
  });
}

test('a receiver gets each notification of a run once, over a crash and a change of leader', async () => {
  const receiver = await HookReceiver.start();
  const namespaces = await fleet(bed, 'told', 5, INJECTED, { readyAfter: '3s' });
  const [stuck = ''] = await fleet(bed, 'stuck', 1, INJECTED, { stuckWithProxy: comingVersion() });
  const file = receiver.policy(`  - webhook: { urlFile: ${receiver.file('good')} }\n`);
  const flags = ['--policy', file, '--max-in-flight', '2', '--restart-timeout', '6s', '--cluster-name', 'blue'];
  const scenes: Scene[] = [];
  try {
    scenes.push(await Scene.start(bed, 'told-first', ...flags));
    scenes.push(await Scene.standby(bed, 'told-second', ...flags));
    const [first, second] = scenes as [Scene, Scene];
    await bed.istio.upgrade('default', nextVersion());
    await until('the start of the run', 90_000, () => receiver.notified().some(({ event }) => event === 'started'));
    await allTold();
    await first.operator.kill();
    await until('the other to go on', TAKE_OVER, async () => (await second.attempts()).length > 0);
    await second.current(namespaces, version(), 'default', 60);
    await until('one that gave up', 60_000, () => receiver.notified().some(({ event }) => event === 'gave-up'));
    await allTold();
    scenes.push(await Scene.standby(bed, 'told-third', ...flags));
    assert.equal(await second.operator.stop(), 0);
    await until('the end of the run', 60_000, () => receiver.notified().some(({ event }) => event === 'finished'));
    await allTold();
    const all = receiver.notified();
    assert.deepEqual(
      all.map(({ event }) => event),
      ['started', 'gave-up', 'finished'],
    );
    assert.equal(new Set(all.map(({ id }) => id)).size, 3);
    assert.deepEqual(new Set(all.map(({ cluster }) => cluster)), new Set(['blue']));
    assert.equal(new Set(all.map(({ run }) => run)).size, 1);
    const [, gaveUp, finished] = all;
    assert.deepEqual(
      gaveUp?.workloads.map(({ namespace, reason }) => [namespace, reason]),
      [[stuck, 'failed:timeout']],
    );
    assert.match(
      finished?.text ?? '',
      /6 workloads restarted in .*, 5 verified, 1 failed\. Failed: Deployment stuck-00\/web \(failed:timeout\)/,
    );
    assert.deepEqual(finished?.counts, { outdated: 1, inFlight: 0, verified: 5, failed: 1, waiting: 0 });
    const [message = '', another] = (await scenes[2]?.messages('default', 'RunFinished')) ?? [];
    assert.match(message, /6 workloads restarted/);
    assert.equal(another, undefined);
  } finally {
    await Promise.all(scenes.map((scene) => scene.stop()));
  }
});

test('receivers that hang or talk without end keep up neither restarts nor the others nor the stop, and no URL is told', async () => {
  const receiver = await HookReceiver.start();
  const namespaces = await fleet(bed, 'hanging', 4, INJECTED);
  const entries = ['hangs', 'talks', 'good'].map((name) => `  - webhook: { urlFile: ${receiver.file(name)} }\n`);
  const file = receiver.policy(`${entries.join('')}  - slack: { urlFile: ${receiver.file('missing')} }\n`);
  const scene = await Scene.start(bed, 'hanging', '--policy', file);
  let took = Number.POSITIVE_INFINITY;
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(namespaces, version(), 'default', 60);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each(namespaces));
    await until('the summary', 60_000, () => receiver.notified().some(({ event }) => event === 'finished'));
    assert.deepEqual(
      receiver.notified().map(({ event }) => event),
      ['started', 'finished'],
    );
    const talked = receiver.got.get('talks') ?? [];
    assert.equal(talked.length, 2, 'an endless answer counts by its status');
    const before = receiver.got.get('hangs')?.length ?? 0;
    await until('a request that hangs now', 40_000, () => (receiver.got.get('hangs')?.length ?? 0) > before);
    const began = performance.now();
    assert.equal(await scene.operator.stop(), 0);
    took = performance.now() - began;
  } finally {
    await scene.stop();
  }
  assert.ok(took < 3000, `stopping took ${Math.round(took)} ms`);
  const delayed = scene.operator.said('Notification not delivered, retrying').map(({ problem }) => problem);
  assert.deepEqual(new Set(delayed), new Set(['no answer within 10 s', 'its file does not exist']));
  const [host] = new URL('http://127.0.0.1').host.split(':');
  const told = scene.operator.lines.map((line) => JSON.stringify(line)).filter((line) => line.includes('otif'));
  assert.ok(told.length > 0);
  assert.deepEqual(
    [...told, scene.operator.rest].filter((text) => text.includes(SECRET) || text.includes(`${host}`)),
    [],
  );
});
