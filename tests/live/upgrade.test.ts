import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { clear, Scene } from './scene.ts';
import { stays } from './stays.ts';

let bed: Testbed;

before(async () => {
  bed = await Testbed.up();
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
});

afterEach(() => clear(bed));
after(() => bed?.down());

const INJECTED = { 'istio-injection': 'enabled' };
const once = (...keys: string[]): Record<string, number> => Object.fromEntries(keys.map((key) => [key, 1]));

/** Every scenario upgrades the one mesh, so each starts where the one before it ended. */
let minor = 30;
const version = (): string => `1.${minor}.2`;
const nextVersion = (): string => `1.${++minor}.2`;

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

test('a crash half-way: restarted, the operator brings all to the end with one write each', async () => {
  const namespaces = Array.from({ length: 11 }, (_, number) => `crash-${String(number).padStart(2, '0')}`);
  for (const namespace of namespaces) {
    await bed.namespace(namespace, INJECTED);
    await bed.deploy({ kind: 'Deployment', namespace, name: 'web', replicas: 1, readyAfter: '4s' });
  }
  await Promise.all(namespaces.map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'crash', '--max-in-flight', '3');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('three done and three in flight', 90_000, async () => {
      const [written, ended] = [await scene.restartCounts(), await scene.outcomes()];
      const done = Object.keys(ended).length;
      return (
        (done >= 3 && Object.keys(written).length - done === 3) ||
        new Error(`${done} done of ${Object.keys(written).length}`)
      );
    });
    await scene.operator.kill();
    const [written, ended] = [await scene.restartCounts(), await scene.outcomes()];
    const counts = {
      done: Object.keys(ended).length,
      inFlight: Object.keys(written).length - Object.keys(ended).length,
    };
    assert.ok(
      counts.done >= 3 && counts.inFlight >= 3 && 11 - Object.keys(written).length >= 5,
      JSON.stringify(counts),
    );
    await scene.restart();
    await scene.current(namespaces, version(), 'default', 120);
    await scene.settled();
    assert.deepEqual(
      await scene.restartCounts(),
      once(...namespaces.map((namespace) => `deployments/${namespace}/web`)),
    );
    assert.deepEqual(await scene.mostInFlight(), { overall: 3, perNamespace: 1 });
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

test('istiod dead for 15 s in the middle: no write meanwhile, and all converge without another trigger', async () => {
  const namespaces = ['dead-a', 'dead-b'];
  for (const namespace of namespaces) {
    await bed.namespace(namespace, INJECTED);
    for (const name of ['1', '2', '3'])
      await bed.deploy({ kind: 'Deployment', namespace, name: `web-${name}`, replicas: 1, readyAfter: '3s' });
  }
  await Promise.all(namespaces.map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'dead');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('the first restart', 60_000, async () => (await scene.restarts()).length > 0);
    await bed.istio.stopIstiod('default');
    const before = (await scene.restarts()).length;
    await stays('no write while istiod is dead', 15_000, async () => (await scene.restarts()).length === before);
    await bed.istio.startIstiod('default');
    await scene.current(namespaces, version(), 'default', 150);
    await scene.settled();
    assert.deepEqual(Object.values(await scene.restartCounts()), [1, 1, 1, 1, 1, 1]);
    assert.ok((await scene.events('default')).has('InjectorUnreachable Lease/meltemi'));
  } finally {
    await scene.stop();
  }
});

test('a workload whose new pods never become ready is written once; the others finish', async () => {
  await bed.namespace('stuck', INJECTED);
  const target = `1.${minor + 1}.2`;
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

test('restarts that fail halt the run, and only a changed injector ends the halt', async () => {
  const target = `1.${minor + 1}.2`;
  const namespaces = ['halt-a', 'halt-b', 'halt-c', 'halt-d', 'halt-e', 'halt-f'];
  for (const namespace of namespaces) {
    await bed.namespace(namespace, INJECTED);
    await bed.deploy({ namespace, name: 'web', stuckWithProxy: target });
  }
  await Promise.all(namespaces.map((namespace) => bed.waitReady(namespace)));
  const flags = ['--restart-timeout', '5s', '--max-in-flight', '2', '--failure-budget', '2'];
  const scene = await Scene.start(bed, 'halt', ...flags);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('the Event', 60_000, async () => (await scene.events('default')).has('RestartsHalted Lease/meltemi'));
    await scene.settled();
    await stays('nothing more written', 8_000, async () => (await scene.restarts()).length <= 3);
    assert.ok((await scene.restarts()).length >= 2);
    await scene.operator.kill();
    await scene.restart();
    await stays('halted still, after a crash', 8_000, async () => (await scene.restarts()).length <= 3);
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(namespaces, version(), 'default', 120);
  } finally {
    await scene.stop();
  }
});
