import assert from 'node:assert/strict';
import { LEASE_ANNOTATION, LEASE_NAME, RETRY } from '../../src/names.ts';
import { afterTest } from '../jest/afterTest.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { meltemi, planRows } from './commandLine.ts';
import { FakeInjector } from './fakeInjector.ts';
import { each, fleet } from './fleet.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion, comingVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };

/** The word of a person: `meltemi pause` or `meltemi resume`, where the operator has its Lease. */
async function say(word: 'pause' | 'resume', ...args: string[]): Promise<void> {
  const { code, error } = await meltemi(word, '--kubeconfig', bed.kubeconfig, '-n', 'default', ...args);
  assert.equal(code, 0, error);
}

const written = async (scene: Scene): Promise<number> => (await scene.restarts()).length;

test('of 20 workloads that get stuck at most max-in-flight + 2 are written, also after a crash; a resume buys as many', async () => {
  await fleet(bed, 'stuck', 20, INJECTED, { stuckWithProxy: comingVersion() });
  const scene = await Scene.start(bed, 'stuck', '--restart-timeout', '6s', '--max-in-flight', '5');
  const most = 5 + 2;
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('a halt', 90_000, async () => (await scene.eventCount('default', 'RestartsHalted')) === 1);
    await scene.settled();
    const first = await written(scene);
    assert.ok(first >= 5 && first <= most, `${first} written`);
    await stays('nothing more', 10_000, async () => (await written(scene)) === first);
    await scene.operator.kill();
    await scene.restart();
    await stays('nothing more after a crash', 20_000, async () => (await written(scene)) === first);
    await say('resume');
    await until('it to go on', 30_000, async () => (await written(scene)) > first);
    await until('another halt', 90_000, async () => (await scene.eventCount('default', 'RestartsHalted')) === 3);
    await scene.settled();
    const second = (await written(scene)) - first;
    assert.ok(second >= 5 && second <= most, `${second} more written`);
    await stays('nothing more', 10_000, async () => (await written(scene)) === first + second);
    assert.equal(Object.keys(await scene.restartCounts()).length, first + second, 'none twice');
  } finally {
    await scene.stop();
  }
});

test('paused half-way nothing new begins and what is in flight ends; resumed it goes on to the end', async () => {
  const namespaces = await fleet(bed, 'paused', 10, INJECTED, { readyAfter: '4s' });
  const scene = await Scene.start(bed, 'paused', '--max-in-flight', '2');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('some restarts', 90_000, async () => (await written(scene)) >= 3);
    await say('pause', '--reason', 'freeze until Monday');
    await until('the operator to have heard of it', 10_000, () => scene.operator.said('Paused').length > 0);
    const before = await written(scene);
    assert.ok(before < 10, 'paused before all was done');
    await stays('nothing new', 60_000, async () => (await written(scene)) === before);
    assert.deepEqual(await scene.inFlight(), []);
    assert.deepEqual(new Set(Object.values(await scene.outcomes())), new Set(['verified']));
    const held = (await planRows(bed.kubeconfig)).filter(({ verdict }) => verdict === 'outdated');
    assert.equal(held.length, 10 - before);
    for (const { reason, detail } of held)
      assert.deepEqual({ reason, detail }, { reason: 'operator-paused', detail: 'freeze until Monday' });
    await say('resume');
    await scene.current(namespaces, version(), 'default', 120);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each(namespaces));
  } finally {
    await scene.stop();
  }
});

test('a webhook that fails open halts at once; a resume lets the rest go on, a retry repairs those that lost their sidecar', async () => {
  const fake = await FakeInjector.start(bed, '1.0.1');
  afterTest(() => fake.stop());
  fake.failurePolicy = 'Ignore';
  await fake.install();
  const namespaces = await fleet(bed, 'open', 8, { mesh: 'fake' }, { readyAfter: '1s' });
  const scene = await Scene.start(bed, 'open', '--max-in-flight', '3', '--max-in-flight-per-namespace', '3');
  const proxies = async (namespace: string) => (await bed.sidecars(namespace)).map(({ image }) => image);
  try {
    fake.versions = ['1.0.2'];
    fake.deafToApiServer = true;
    await fake.move('/v2');
    const halts = async () =>
      (await scene.messages('default', 'RestartsHalted')).filter((text) => /fails open/.test(text));
    await until('a halt', 90_000, async () => (await halts()).length > 0);
    await scene.settled();
    const lost = Object.keys(await scene.restartCounts()).map((key) => key.split('/')[1] ?? '');
    // the first holds its own namespace, and one of another takes its slot before the second holds all
    assert.ok(lost.length >= 2 && lost.length <= 3 + 1, `${lost.length} written`);
    for (const namespace of lost) assert.deepEqual(await proxies(namespace), [''], 'a pod without a proxy');
    assert.deepEqual(new Set(Object.values(await scene.outcomes())), new Set(['failed:no-sidecar']));
    await stays('nothing more', 15_000, async () => (await written(scene)) === lost.length);
    fake.deafToApiServer = false;
    const annotations = { [LEASE_ANNOTATION.resume]: 'firewall mended' };
    await bed.api.patch(pathOf('Lease', 'default', LEASE_NAME), { metadata: { annotations } });
    await scene.current(
      namespaces.filter((namespace) => !lost.includes(namespace)),
      '1.0.2',
      'remote',
      120,
    );
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each(namespaces), 'those that lost it are not tried again');
    for (const namespace of lost)
      await bed.api.patch(pathOf('Deployment', namespace, 'web'), { metadata: { annotations: { [RETRY]: '1' } } });
    await scene.current(namespaces, '1.0.2', 'remote', 360);
  } finally {
    await scene.stop();
  }
});

interface Quota extends ApiObject {
  readonly status?: { readonly used?: { readonly pods?: string } };
}

/** A quota that leaves no room for a new pod beside those that are there. */
async function tighten(namespace: string): Promise<void> {
  const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
  await bed.api.create(quotas, { metadata: { name: 'tight' }, spec: { hard: { pods: '1' } } });
  const counted = async () => (await bed.api.get<Quota>(`${quotas}/tight`)).status?.used?.pods === '1';
  await until(`the quota of ${namespace} to be counted`, 30_000, counted);
}

test('restarts that quotas leave no room for halt; with room again a resume lets the rest go on, and none is written twice', async () => {
  const namespaces = await fleet(bed, 'tight', 8, INJECTED);
  await Promise.all(namespaces.map(tighten));
  const scene = await Scene.start(bed, 'tight', '--restart-timeout', '6s', '--max-in-flight', '2');
  try {
    await bed.istio.upgrade('default', nextVersion());
    const reasons = async () => new Set((await planRows(bed.kubeconfig)).map(({ reason }) => reason));
    await until('a halt', 120_000, async () => (await reasons()).has('halted'));
    await scene.settled();
    const first = await written(scene);
    assert.ok(first >= 2 && first <= 2 + 2, `${first} written`);
    assert.deepEqual(new Set(Object.values(await scene.outcomes())), new Set(['failed:timeout']));
    await stays('nothing more', 10_000, async () => (await written(scene)) === first);
    for (const namespace of namespaces) await bed.api.delete(`/api/v1/namespaces/${namespace}/resourcequotas/tight`);
    await say('resume');
    await scene.current(namespaces, version(), 'default', 180);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each(namespaces));
  } finally {
    await scene.stop();
  }
});
