import assert from 'node:assert/strict';
import { afterTest } from '../jest/afterTest.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { FakeInjector } from './fakeInjector.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';

let bed: Testbed;
const ENABLED = { 'istio-injection': 'enabled' };
const digest = (letter: string): string => `docker.io/istio/proxyv2@sha256:${letter.repeat(64)}`;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  await bed.istio.install({ revision: 'canary', version: '1.31.0' });
});

clearBetweenTests(() => bed);
afterAll(() => bed?.down());

test('where labels contradict each other the API server’s choice is the expectation', async () => {
  await bed.namespace('both', { ...ENABLED, 'istio.io/rev': 'canary' });
  await bed.namespace('pod-says', ENABLED);
  await bed.namespace('pod-only', {});
  await bed.deploy({ namespace: 'both', name: 'web' });
  await bed.deploy({ namespace: 'pod-says', name: 'web', labels: { 'istio.io/rev': 'canary' } });
  await bed.deploy({ namespace: 'pod-only', name: 'web', labels: { 'sidecar.istio.io/inject': 'true' } });
  const namespaces = ['both', 'pod-says', 'pod-only'];
  await Promise.all(namespaces.map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'labels');
  try {
    for (const namespace of namespaces) await scene.decided(namespace, 'current', '');
    await bed.istio.upgrade('default', '1.30.3');
    await scene.current(namespaces, '1.30.3', 'default');
    await scene.settled();
    assert.deepEqual(
      await scene.restartCounts(),
      Object.fromEntries(namespaces.map((ns) => [`deployments/${ns}/web`, 1])),
    );
  } finally {
    await scene.stop();
  }
});

test('another digest at the same name restarts', async () => {
  await bed.istio.setInjectorVersion('canary', '1.31.0', { global: { proxy: { image: digest('a') } } });
  await bed.namespace('digest', { 'istio.io/rev': 'canary' });
  await bed.deploy({ namespace: 'digest', name: 'web' });
  await bed.waitReady('digest');
  const scene = await Scene.start(bed, 'digest');
  try {
    await bed.istio.setInjectorVersion('canary', '1.31.0', { global: { proxy: { image: digest('b') } } });
    await until('the new digest', 60_000, async () =>
      (await bed.sidecars('digest')).every(({ image }) => image === digest('b')),
    );
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/digest/web': 1 });
  } finally {
    await scene.stop();
    await bed.istio.setInjectorVersion('canary', '1.31.0', { global: { proxy: { image: 'proxyv2' } } });
  }
});

test('another registry alone restarts only with --compare-hub', async () => {
  await bed.namespace('hub', { 'istio.io/rev': 'canary' });
  await bed.deploy({ namespace: 'hub', name: 'web' });
  await bed.waitReady('hub');
  const lax = await Scene.start(bed, 'hub-lax');
  await bed.istio.setInjectorVersion('canary', '1.31.0', { global: { hub: 'mirror.local:5000/istio' } });
  const scans = lax.operator.said('Scanned').length;
  await until('the new configuration to be looked at', 30_000, () => lax.operator.said('Scanned').length > scans);
  await stays('nothing written', 5000, async () => (await lax.restarts()).length === 0);
  await lax.stop();
  const strict = await Scene.start(bed, 'hub-strict', '--compare-hub');
  try {
    await until('the new registry', 60_000, async () =>
      (await bed.sidecars('hub')).every(({ image }) => image.startsWith('mirror.local')),
    );
    await strict.settled();
    assert.deepEqual(await strict.restartCounts(), { 'deployments/hub/web': 1 });
  } finally {
    await strict.stop();
    await bed.istio.setInjectorVersion('canary', '1.31.0', { global: { hub: 'docker.io/istio' } });
  }
});

test('a control plane in another root namespace, with its own gates', async () => {
  await bed.istio.install({ revision: 'second', version: '1.30.2', namespace: 'mesh-second' });
  await bed.namespace('far', { 'istio.io/rev': 'second' });
  await bed.deploy({ namespace: 'far', name: 'web' });
  await bed.waitReady('far');
  const scene = await Scene.start(bed, 'far');
  try {
    await bed.istio.setInjectorVersion('second', '1.31.0');
    await scene.decided('far', 'outdated', 'chart-mismatch');
    await bed.istio.setIstiodVersion('second', '1.31.0');
    await scene.current(['far'], '1.31.0', 'second');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/far/web': 1 });
  } finally {
    await scene.stop();
    await bed.istio.uninstall('second');
  }
});

test('G2: an upgrade whose ConfigMap came first holds, even to an older proxy, and then goes', async () => {
  await bed.namespace('chart', { 'istio.io/rev': 'canary' });
  await bed.deploy({ namespace: 'chart', name: 'web' });
  await bed.waitReady('chart');
  const scene = await Scene.start(bed, 'chart');
  try {
    await bed.istio.setInjectorVersion('canary', '1.30.9');
    await scene.decided('chart', 'outdated', 'chart-mismatch');
    await stays('nothing written', 5000, async () => (await scene.restarts()).length === 0);
    await bed.istio.setIstiodVersion('canary', '1.30.9');
    await scene.current(['chart'], '1.30.9', 'canary');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/chart/web': 1 });
  } finally {
    await scene.stop();
    await bed.istio.upgrade('canary', '1.31.0');
  }
});

test('a gate that is ignored holds nothing back', async () => {
  await bed.namespace('ignored', { 'istio.io/rev': 'canary' });
  await bed.deploy({ namespace: 'ignored', name: 'web' });
  await bed.waitReady('ignored');
  const scene = await Scene.start(bed, 'ignored', '--ignore-gate', 'chart-mismatch');
  try {
    await bed.istio.setInjectorVersion('canary', '1.30.9');
    await scene.current(['ignored'], '1.30.9', 'canary');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/ignored/web': 1 });
  } finally {
    await scene.stop();
    await bed.istio.upgrade('canary', '1.31.0');
  }
});

test('G1: while istiod’s rollout is incomplete nothing is restarted', async () => {
  await bed.namespace('rolling', ENABLED);
  await bed.deploy({ namespace: 'rolling', name: 'web' });
  await bed.waitReady('rolling');
  const scene = await Scene.start(bed, 'rolling');
  try {
    await bed.istio.holdIstiodRollout('canary');
    await bed.label('rolling', { 'istio-injection': null, 'istio.io/rev': 'canary' });
    await scene.decided('rolling', 'outdated', 'istiod-rolling');
    await stays('nothing written', 5000, async () => (await scene.restarts()).length === 0);
    await bed.istio.releaseIstiodRollout('canary');
    await scene.current(['rolling'], '1.31.0', 'canary');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/rolling/web': 1 });
  } finally {
    await scene.stop();
  }
});

test('G3: two injectors behind one address that disagree hold; once they agree it goes', async () => {
  const fake = await FakeInjector.start(bed, '1.0.1');
  afterTest(() => fake.stop());
  await fake.install();
  for (const name of ['a', 'b', 'c']) await bed.deploy({ namespace: 'fake', name, labels: { number: name } });
  await bed.waitReady('fake');
  const scene = await Scene.start(bed, 'remote');
  try {
    fake.versions = ['1.0.1', '1.0.2'];
    await fake.move('/v2');
    await stays('nothing written', 30_000, async () => (await scene.restarts()).length === 0);
    fake.versions = ['1.0.2'];
    await scene.current(['fake'], '1.0.2', 'remote', 120);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), {
      'deployments/fake/a': 1,
      'deployments/fake/b': 1,
      'deployments/fake/c': 1,
    });
  } finally {
    await scene.stop();
  }
});

test('a webhook configuration deleted under its pods: they are reported as orphans and left alone', async () => {
  await bed.istio.setTag('prod', 'default');
  await bed.namespace('orphans', { 'istio.io/rev': 'prod' });
  await bed.deploy({ namespace: 'orphans', name: 'web' });
  await bed.waitReady('orphans');
  const scene = await Scene.start(bed, 'orphans');
  try {
    await bed.istio.removeTag('prod');
    await scene.decided('orphans', 'skipped', 'orphaned');
    await stays('nothing written', 3000, async () => (await scene.restarts()).length === 0);
  } finally {
    await scene.stop();
  }
});
