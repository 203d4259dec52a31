import assert from 'node:assert/strict';
import { afterTest } from '../jest/afterTest.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { FakeInjector } from './fakeInjector.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const INJECTED = { 'istio-injection': 'enabled' };
const once = (...keys: string[]): Record<string, number> => Object.fromEntries(keys.map((key) => [key, 1]));

/** Every scenario upgrades the one mesh, so each starts where the one before it ended. */
const { version, nextVersion, comingVersion } = new Versions();

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
    // both namespaces are then at their limit: no write follows an answer that istiod gave before it died
    await until('a restart in each namespace', 60_000, async () => (await scene.restarts()).length === 2);
    await bed.istio.stopIstiod('default');
    try {
      await stays('no write while istiod is dead', 15_000, async () => (await scene.restarts()).length === 2);
    } finally {
      await bed.istio.startIstiod('default');
    }
    await scene.current(namespaces, version(), 'default', 150);
    await scene.settled();
    assert.deepEqual(Object.values(await scene.restartCounts()), [1, 1, 1, 1, 1, 1]);
    assert.ok((await scene.events('default')).has('InjectorUnreachable Lease/meltemi'));
  } finally {
    await scene.stop();
  }
});

test('restarts that fail halt the run, and only a changed injector ends the halt', async () => {
  const target = comingVersion();
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

test('an injector that accepts questions and answers none does not delay restarts of other injectors', async () => {
  const fake = await FakeInjector.start(bed, '1.0.1');
  afterTest(() => fake.stop());
  await fake.install();
  const names = ['1', '2', '3', '4', '5'];
  await bed.namespace('fine', INJECTED);
  await bed.deploy({ namespace: 'fake', name: 'web' });
  for (const name of names) await bed.deploy({ namespace: 'fine', name });
  await Promise.all(['fake', 'fine'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'mute', '--max-in-flight', '1');
  try {
    fake.mute = true;
    await fake.move('/v2');
    await scene.decided('fake', 'unknown', 'injector-unreachable');
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['fine'], version(), 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), once(...names.map((name) => `deployments/fine/${name}`)));
    const pauses = await scene.pauses();
    assert.ok(
      pauses.every((pause) => pause < 5000),
      `milliseconds from one restart's end to the next one's begin: ${pauses}`,
    );
    fake.mute = false;
    await scene.decided('fake', 'current', '');
  } finally {
    await scene.stop();
  }
});
