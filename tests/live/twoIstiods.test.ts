import assert from 'node:assert/strict';
import type { PodSidecar } from '../testbed/sidecars.ts';
import { Testbed } from '../testbed/testbed.ts';
import { InjectorFront } from './injectorFront.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';

/** The older istiod and the newer one are different programs with different charts here, and not only different versions in the charts. */
const [OLDER, NEWER] = ['1.30', '1.31'] as const;
const [OLD, NEW] = ['1.30.2', '1.31.0'];
const INJECTED = { 'istio-injection': 'enabled' };
/** As long as a second restart would need to show. */
const AFTERWARDS_MS = 15_000;

/** On one workload within ten seconds of different answers. Five in a second were made before attempts backed off. */
const MOST_DECISIONS = 20;

let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: OLD, build: OLDER });
});

clearBetweenTests(() => bed);
afterAll(() => bed?.down());

/** Workloads of several kinds and their restarts. */
async function deployKinds(namespace: string, labels: Readonly<Record<string, string>>): Promise<string[]> {
  await bed.namespace(namespace, labels);
  await bed.deploy({ namespace, name: 'web', replicas: 2 });
  await bed.deploy({ namespace, name: 'classic', annotations: { 'sidecar.istio.io/nativeSidecar': 'false' } });
  const recreate = { strategy: { type: 'Recreate', rollingUpdate: null } };
  await bed.deploy({ namespace, name: 'recreated', spec: recreate });
  await bed.deploy({
    namespace,
    name: 'scraped',
    annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
  });
  await bed.deploy({ kind: 'StatefulSet', namespace, name: 'db', replicas: 2 });
  await bed.deploy({ kind: 'DaemonSet', namespace, name: 'agent' });
  await bed.waitReady(namespace);
  const deployments = ['web', 'classic', 'recreated', 'scraped'].map((name) => `deployments/${namespace}/${name}`);
  return [...deployments, `statefulsets/${namespace}/db`, `daemonsets/${namespace}/agent`];
}

const once = (keys: readonly string[]): Record<string, number> => Object.fromEntries(keys.map((key) => [key, 1]));
const restarted = async (scene: Scene): Promise<number> => (await scene.restarts()).length;

/** Pods by the proxy that they carry, without repeats. */
const proxies = (pods: readonly PodSidecar[]): string[] =>
  [...new Set(pods.map(({ owner, image, placement }) => `${owner} ${placement} ${image}`))].sort();

/** Each was restarted once and is told of once, and nothing comes after it. */
async function onceAndNoMore(scene: Scene, keys: readonly string[]): Promise<void> {
  await scene.settled();
  await stays('no second restart', AFTERWARDS_MS, async () => (await restarted(scene)) <= keys.length);
  assert.deepEqual(await scene.restartCounts(), once(keys));
  assert.deepEqual(await scene.outcomes(), Object.fromEntries(keys.map((key) => [key, 'verified'])));
}

test('the control plane first: nothing is restarted before the newer istiod answers, then each once', async () => {
  const keys = await deployKinds('inplace', INJECTED);
  await bed.istio.gateway({ namespace: 'inplace', name: 'ingress' });
  // the newer istiod refuses ports of Istio's own, which the older one takes
  const reserved = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '15090' };
  await bed.namespace('refused', INJECTED);
  await bed.deploy({ namespace: 'refused', name: 'web', annotations: reserved });
  await Promise.all(['inplace', 'refused'].map((namespace) => bed.waitReady(namespace)));
  const refusedBefore = await bed.sidecars('refused');
  const scene = await Scene.start(bed, 'inplace');
  try {
    await bed.istio.takeCharts('default', NEWER);
    await bed.istio.setInjectorVersion('default', NEW);
    assert.equal(await bed.istio.answer('default'), '', 'the older istiod knows a field of the newer template');
    await bed.istio.holdIstiodRollout('default', NEW);
    await stays('nothing written while the older istiod fails', 10_000, async () => (await restarted(scene)) === 0);
    const answersFrom = Date.now();
    await bed.istio.become('default', NEWER);
    assert.match(await bed.istio.answer('default'), /proxyv2:1\.31\.0/);
    await stays('nothing written while istiod rolls out', 5_000, async () => (await restarted(scene)) === 0);
    await bed.istio.releaseIstiodRollout('default');
    await scene.current(['inplace'], NEW, 'default', 120);
    await onceAndNoMore(scene, [...keys, 'deployments/inplace/ingress']);
    assert.ok((await scene.restarts()).every(({ time }) => time > answersFrom));
    assert.deepEqual(proxies(await bed.sidecars('inplace')), [
      `DaemonSet/agent initContainer docker.io/istio/proxyv2:${NEW}`,
      `Deployment/classic container docker.io/istio/proxyv2:${NEW}`,
      `Deployment/ingress container docker.io/istio/proxyv2:${NEW}`,
      `Deployment/recreated initContainer docker.io/istio/proxyv2:${NEW}`,
      `Deployment/scraped initContainer docker.io/istio/proxyv2:${NEW}`,
      `Deployment/web initContainer docker.io/istio/proxyv2:${NEW}`,
      `StatefulSet/db initContainer docker.io/istio/proxyv2:${NEW}`,
    ]);
    assert.deepEqual(
      await bed.sidecars('refused'),
      refusedBefore,
      'a pod that the newer istiod refuses is left as it is',
    );
  } finally {
    await scene.stop();
  }
});

test('a canary: a moved tag and a relabelled namespace go to the newer istiod, each workload once', async () => {
  await bed.istio.install({ revision: 'stable', version: OLD, build: OLDER, tags: ['prod'] });
  const tagged = await deployKinds('tagged', { 'istio.io/rev': 'prod' });
  const named = await deployKinds('named', { 'istio.io/rev': 'stable' });
  const staying = await deployKinds('staying', { 'istio.io/rev': 'stable' });
  const scene = await Scene.start(bed, 'canary');
  try {
    await bed.istio.install({ revision: 'canary', version: NEW, build: NEWER });
    await stays('nothing written while only the canary is there', 5_000, async () => (await restarted(scene)) === 0);
    await bed.istio.setTag('prod', 'canary');
    await bed.label('named', { 'istio.io/rev': 'canary' });
    await scene.current(['tagged', 'named'], NEW, 'canary', 120);
    await onceAndNoMore(scene, [...tagged, ...named]);
    await scene.current(['staying'], OLD, 'stable', 1);
    assert.equal(staying.length, tagged.length);
  } finally {
    await scene.stop();
  }
});

test('two istiods answer in turn, the older one failing: nothing flaps, and each workload is restarted once', async () => {
  const answering = [{ host: '', port: 0 }];
  let asked = 0;
  const front = await InjectorFront.up({ to: () => answering[asked++ % answering.length] ?? { host: '', port: 0 } });
  const values = { istiodRemote: { injectionURL: front.url } };
  try {
    await bed.istio.install({ revision: 'pair', version: OLD, build: OLDER, values });
    answering[0] = bed.istio.address('pair');
    await front.certify(bed);
    const keys = await deployKinds('pair', { 'istio.io/rev': 'pair' });
    const scene = await Scene.start(bed, 'pair');
    try {
      await bed.istio.takeCharts('pair', NEWER);
      await bed.istio.setInjectorVersion('pair', NEW);
      await bed.istio.holdIstiodRollout('pair', NEW);
      answering.push(await bed.istio.startReplica('pair', NEWER));
      await stays('nothing written while istiod rolls out', 8_000, async () => (await restarted(scene)) === 0);
      await bed.istio.releaseIstiodRollout('pair');
      // the rollout is complete, and the older istiod still gets every other question, as one that is ending does
      await stays('none twice', 10_000, async () => Object.values(await scene.restartCounts()).every((n) => n === 1));
      const decided = Map.groupBy(scene.operator.said('Decided'), ({ kind, name }) => `${kind}/${name}`);
      const flaps = [...decided]
        .filter(([, lines]) => lines.length > MOST_DECISIONS)
        .map(([one, { length }]) => `${one}: ${length}`);
      assert.deepEqual(flaps, [], 'decided anew with every answer');
      answering.shift();
      await bed.istio.endFirstReplica('pair');
      await scene.current(['pair'], NEW, 'pair', 120);
      await onceAndNoMore(scene, keys);
      assert.equal(await scene.eventCount('pair', 'SidecarOutdated'), keys.length);
    } finally {
      await scene.stop();
    }
  } finally {
    await front.down();
  }
});
