import assert from 'node:assert/strict';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
});

clearBetweenTests(() => bed);
afterAll(() => bed?.down());

const INJECTED = { 'istio-injection': 'enabled' };
const once = (...keys: string[]): Record<string, number> => Object.fromEntries(keys.map((key) => [key, 1]));

/** Every scenario upgrades the one mesh, so each starts where the one before it ended. */
const { version, nextVersion, comingVersion } = new Versions();

test('an in-place upgrade restarts every outdated workload exactly once, and no other', async () => {
  await bed.namespace('up-a', INJECTED);
  await bed.namespace('up-b', INJECTED);
  await bed.namespace('up-none', {});
  for (const namespace of ['up-a', 'up-b', 'up-none']) {
    await bed.deploy({ kind: 'Deployment', namespace, name: 'web', replicas: 2 });
    await bed.deploy({ kind: 'StatefulSet', namespace, name: 'web', replicas: 2 });
    await bed.deploy({ kind: 'DaemonSet', namespace, name: 'agent' });
  }
  await bed.deploy({
    kind: 'Deployment',
    namespace: 'up-a',
    name: 'own-proxy',
    labels: { 'sidecar.istio.io/inject': 'false' },
  });
  await Promise.all(['up-a', 'up-b', 'up-none'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'upgrade');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['up-b'], version(), 'default');
    await scene.settled();
    const expected = ['up-a', 'up-b'].flatMap((ns) => [
      `deployments/${ns}/web`,
      `statefulsets/${ns}/web`,
      `daemonsets/${ns}/agent`,
    ]);
    await until('all six to be restarted', 60_000, async () => Object.keys(await scene.restartCounts()).length === 6);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), once(...expected));
    assert.deepEqual(new Set(Object.values(await scene.outcomes())), new Set(['verified']));
    const told = ['Deployment/web', 'StatefulSet/web', 'DaemonSet/agent'].flatMap((one) => [
      `SidecarOutdated ${one}`,
      `SidecarRestarted ${one}`,
    ]);
    await until('the Events', 10_000, async () => (await scene.events('up-a')).size >= told.length);
    assert.deepEqual(await scene.events('up-a'), new Set(told));
  } finally {
    await scene.stop();
  }
});

test('a changed injector ConfigMap alone writes nothing for a minute; when istiod follows, all are restarted', async () => {
  await bed.namespace('gate', INJECTED);
  for (const name of ['a', 'b']) await bed.deploy({ kind: 'Deployment', namespace: 'gate', name, replicas: 2 });
  await bed.waitReady('gate');
  const scene = await Scene.start(bed, 'gate');
  try {
    const target = nextVersion();
    await bed.istio.setInjectorVersion('default', target);
    await stays('nothing written', 60_000, async () => (await scene.restarts()).length === 0);
    await bed.istio.setIstiodVersion('default', target);
    await scene.current(['gate'], target, 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), once('deployments/gate/a', 'deployments/gate/b'));
  } finally {
    await scene.stop();
  }
});

test('the limits are reached and never exceeded', async () => {
  const namespaces = ['limit-a', 'limit-b', 'limit-c'];
  for (const namespace of namespaces) {
    await bed.namespace(namespace, INJECTED);
    for (const name of ['1', '2', '3', '4'])
      await bed.deploy({ kind: 'Deployment', namespace, name: `web-${name}`, replicas: 1, readyAfter: '2s' });
  }
  await Promise.all(namespaces.map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'limit', '--max-in-flight', '4', '--max-in-flight-per-namespace', '2');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(namespaces, version(), 'default', 120);
    await scene.settled();
    assert.deepEqual(await scene.mostInFlight(), { overall: 4, perNamespace: 2 });
    assert.equal((await scene.restarts()).length, 12);
  } finally {
    await scene.stop();
  }
});

test('a workload whose new pods never become ready is written once; the others finish', async () => {
  await bed.namespace('stuck', INJECTED);
  const target = comingVersion();
  await bed.deploy({
    kind: 'Deployment',
    namespace: 'stuck',
    name: 'a-stuck',
    replicas: 1,
    stuckWithProxy: target,
  });
  for (const name of ['b', 'c']) await bed.deploy({ kind: 'Deployment', namespace: 'stuck', name, replicas: 1 });
  await bed.waitReady('stuck');
  const scene = await Scene.start(bed, 'stuck', '--restart-timeout', '8s');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until(
      'all three to be restarted and ended',
      90_000,
      async () => Object.keys(await scene.outcomes()).length === 3,
    );
    await stays('three writes', 10_000, async () => (await scene.restarts()).length === 3);
    assert.deepEqual(
      await scene.restartCounts(),
      once('deployments/stuck/a-stuck', 'deployments/stuck/b', 'deployments/stuck/c'),
    );
    assert.ok((await scene.events('stuck')).has('RestartFailed Deployment/a-stuck'));
    assert.deepEqual(await scene.outcomes(), {
      'deployments/stuck/a-stuck': 'failed:timeout',
      'deployments/stuck/b': 'verified',
      'deployments/stuck/c': 'verified',
    });
  } finally {
    await scene.stop();
  }
});
