import assert from 'node:assert/strict';
import { RESTARTED_AT } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { apiVersionOf, pathOf } from '../testbed/paths.ts';
import { BEHAVIOUR } from '../testbed/stages.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import type { Rollout } from '../testbed/workloads.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

/** What stands in people's clusters beside plain workloads, all of it in one mesh, under one operator, through four upgrades. */
let bed: Testbed;
let scene: Scene;

const { version, nextVersion } = new Versions();
const OLD = version();
const NAMESPACES = ['adopted', 'applied', 'down', 'often'];

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: OLD });
  for (const namespace of NAMESPACES) await bed.namespace(namespace, { 'istio-injection': 'enabled' });
  await bed.deploy({ namespace: 'adopted', name: 'first', replicas: 2 });
  for (const namespace of ['applied', 'often']) await bed.deploy({ namespace, name: 'web' });
  for (const name of ['b', 'c']) await bed.deploy({ namespace: 'down', name });
  await Promise.all(NAMESPACES.map((namespace) => bed.waitReady(namespace)));
  await adopt('first', 'second');
  await applyOnce();
  // its pods are not ready as long as their proxy is the old one
  await bed.deploy({ namespace: 'down', name: 'a-down', replicas: 2, stuckWithProxy: OLD });
  await until('its pods to run', 30_000, async () => {
    const pods = (await bed.sidecars('down')).filter(({ pod }) => pod.startsWith('a-down'));
    return pods.length === 2 && pods.every(({ phase, ready }) => phase === 'Running' && !ready);
  });
  await bed.istio.gateway({ name: 'ingress', namespace: 'istio-system' });
  await bed.waitReady('istio-system');
  scene = await Scene.start(bed, 'field', '--reconcile-period', '3s');
  await bed.istio.upgrade('default', nextVersion());
});

afterAll(async () => {
  await scene?.stop();
  await bed?.down();
});

/** Leaves a Deployment's ReplicaSet behind and lets a Deployment of another name take it over, as a rename without an outage is done. */
async function adopt(from: string, to: string): Promise<void> {
  const path = pathOf('Deployment', 'adopted', from);
  const { spec } = await bed.api.get<ApiObject & { spec: object }>(path);
  await bed.kubectl('-n', 'adopted', 'delete', 'deployment', from, '--cascade=orphan');
  const kind = 'Deployment';
  await bed.api.create(pathOf(kind, 'adopted'), { apiVersion: apiVersionOf(kind), kind, metadata: { name: to }, spec });
  await bed.waitReady('adopted');
  const sets = await bed.api.list(pathOf('ReplicaSet', 'adopted'));
  assert.deepEqual(
    sets.map(({ metadata }) => metadata.ownerReferences?.[0]?.name),
    [to],
  );
}

/** A manifest that was applied once, long ago, after somebody had exported it with a restart in it. */
async function applyOnce(): Promise<void> {
  const annotations = { [RESTARTED_AT]: '2026-01-01T00:00:00Z' };
  const kind = 'Deployment';
  const manifest = {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name: 'web' },
    spec: { template: { metadata: { annotations } } },
  };
  await bed.api.patch(`${pathOf(kind, 'applied', 'web')}?fieldManager=kubectl&force=true`, manifest, 'apply');
  await bed.waitReady('applied');
}

const restartsIn = async (namespace: string): Promise<string[]> =>
  (await scene.restarts()).filter((write) => write.namespace === namespace).map(({ name }) => name);

test('a Deployment that has adopted the ReplicaSet of another one is restarted', async () => {
  await scene.current(['adopted'], version(), 'default');
  assert.deepEqual(await restartsIn('adopted'), ['second']);
});

test('a restart key that was applied once prevents no restart', async () => {
  await scene.current(['applied'], version(), 'default');
  assert.deepEqual(await restartsIn('applied'), ['web']);
});

test('what is down with its old sidecar is restarted after all that is up, once, and comes up', async () => {
  await scene.current(['down'], version(), 'default');
  assert.deepEqual(await restartsIn('down'), ['b', 'c', 'a-down']);
});

test('an injected gateway in istio-system is listed as skipped, with its outdated pods, and left alone', async () => {
  const row = (await planRows(bed.kubeconfig)).find(
    ({ namespace, name }) => namespace === 'istio-system' && name === 'ingress',
  );
  assert.deepEqual([row?.verdict, row?.reason], ['skipped', 'namespace'], JSON.stringify(row));
  assert.deepEqual(await restartsIn('istio-system'), []);
});

test('a fourth upgrade within a day, after three that were verified, is followed as they were', async () => {
  for (let upgrade = 2; upgrade <= 4; upgrade++) {
    await scene.settled();
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(NAMESPACES, version(), 'default', 120);
  }
  assert.deepEqual(await restartsIn('often'), ['web', 'web', 'web', 'web']);
});

test('one of two replicas of istiod that is broken for good holds nothing', async () => {
  await scene.settled();
  await scene.stop();
  const before = (await scene.restarts()).length;
  await bed.istio.upgrade('default', nextVersion(), { replicaCount: 2 });
  await breakOneIstiod();
  await scene.restart();
  await scene.current(NAMESPACES, version(), 'default', 120);
  assert.ok((await scene.restarts()).length > before);
  const { status } = await bed.api.get<Rollout>(ISTIOD);
  assert.equal(status.readyReplicas, 1, 'it was broken to the end');
});

const ISTIOD = pathOf('Deployment', 'istio-system', 'istiod');

/** Makes one of its pods not Ready, and keeps it so. */
async function breakOneIstiod(): Promise<void> {
  const pods = await bed.api.list(pathOf('Pod', 'istio-system'), { labelSelector: 'app=istiod' });
  const path = pathOf('Pod', 'istio-system', pods[0]?.metadata.name);
  await bed.api.patch(path, { metadata: { annotations: { [BEHAVIOUR.ready]: 'never' } } });
  const conditions = [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }];
  await bed.api.patch(`${path}/status`, { status: { conditions } }, 'strategic');
  await until('one of two istiods to be broken', 20_000, async () => {
    const { status } = await bed.api.get<Rollout>(ISTIOD);
    return (status.replicas === 2 && status.readyReplicas === 1) || new Error(JSON.stringify(status));
  });
}
