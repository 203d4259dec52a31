import assert from 'node:assert/strict';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';

const VERSION = '1.30.2';
let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: VERSION });
  await bed.istio.install({ revision: 'canary', version: VERSION });
  await bed.istio.install({ revision: 'next', version: '1.31.0' });
});

clearBetweenTests(() => bed);
afterAll(() => bed?.down());

const tagged = { 'istio.io/rev': 'prod' };

test('a moved tag restarts the workloads behind it and no others', async () => {
  await bed.istio.setTag('prod', 'default');
  await bed.namespace('tagged', tagged);
  await bed.namespace('plain', { 'istio-injection': 'enabled' });
  for (const namespace of ['tagged', 'plain'])
    await bed.deploy({ kind: 'Deployment', namespace, name: 'web', replicas: 2 });
  await Promise.all(['tagged', 'plain'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'tag');
  try {
    await bed.istio.setTag('prod', 'next');
    await scene.current(['tagged'], '1.31.0', 'next');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/tagged/web': 1 });
  } finally {
    await scene.stop();
  }
});

test('a tag moved to a revision of equal image restarts too: the pods belong to another control plane', async () => {
  await bed.istio.setTag('prod', 'default');
  await bed.namespace('equal', tagged);
  await bed.deploy({ kind: 'StatefulSet', namespace: 'equal', name: 'db', replicas: 2 });
  await bed.waitReady('equal');
  const scene = await Scene.start(bed, 'equal');
  try {
    await bed.istio.setTag('prod', 'canary');
    await scene.current(['equal'], VERSION, 'canary');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'statefulsets/equal/db': 1 });
  } finally {
    await scene.stop();
  }
});

test('a namespace relabelled to a revision that was installed before its pods were made', async () => {
  await bed.namespace('moved', { 'istio-injection': 'enabled' });
  await bed.deploy({ kind: 'Deployment', namespace: 'moved', name: 'web', replicas: 2 });
  await bed.waitReady('moved');
  const scene = await Scene.start(bed, 'relabel');
  try {
    await bed.label('moved', { 'istio-injection': null, 'istio.io/rev': 'next' });
    await scene.current(['moved'], '1.31.0', 'next');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/moved/web': 1 });
  } finally {
    await scene.stop();
  }
});

test('labelling a namespace brings the missing sidecars, to a Deployment and a StatefulSet of one name', async () => {
  await bed.namespace('joined', {});
  await bed.deploy({ kind: 'Deployment', namespace: 'joined', name: 'web', replicas: 2 });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'joined', name: 'web', replicas: 2 });
  await bed.waitReady('joined');
  const scene = await Scene.start(bed, 'joined');
  try {
    await bed.label('joined', { 'istio-injection': 'enabled' });
    await scene.current(['joined'], VERSION, 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/joined/web': 1, 'statefulsets/joined/web': 1 });
  } finally {
    await scene.stop();
  }
});

test('a paused Deployment is left alone, and done within a minute after it is resumed', async () => {
  await bed.namespace('paused', { 'istio-injection': 'enabled' });
  await bed.deploy({ kind: 'Deployment', namespace: 'paused', name: 'web', replicas: 2 });
  await bed.waitReady('paused');
  const path = pathOf('Deployment', 'paused', 'web');
  await bed.api.patch(path, { spec: { paused: true } });
  const scene = await Scene.start(bed, 'paused');
  try {
    await bed.label('paused', { 'istio-injection': null, 'istio.io/rev': 'next' });
    await stays('nothing written', 15_000, async () => (await scene.restarts()).length === 0);
    await bed.api.patch(path, { spec: { paused: false } });
    await scene.current(['paused'], '1.31.0', 'next', 60);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/paused/web': 1 });
  } finally {
    await scene.stop();
  }
});

test('a Failed pod that was left behind causes nothing', async () => {
  await bed.namespace('failed', { 'istio-injection': 'enabled' });
  await bed.deploy({ kind: 'Deployment', namespace: 'failed', name: 'web', replicas: 1 });
  await bed.waitReady('failed');
  const [pod] = await bed.sidecars('failed');
  assert.ok(pod);
  await bed.label('failed', { 'istio-injection': null, 'istio.io/rev': 'next' });
  await bed.failPod('failed', pod.pod);
  await until('the replacement to be ready and current', 30_000, async () => {
    const pods = await bed.sidecars('failed');
    return pods.some(({ ready, revision }) => ready && revision === 'next');
  });
  const scene = await Scene.start(bed, 'failed');
  try {
    await stays('nothing written', 8_000, async () => (await scene.restarts()).length === 0);
  } finally {
    await scene.stop();
  }
});

test('an injected gateway is upgraded; where no injector matches it is left alone, for its image is "auto"', async () => {
  await bed.namespace('gateways', {});
  await bed.istio.gateway({ namespace: 'gateways', name: 'ingress' });
  await bed.namespace('lost', { 'istio-injection': 'disabled' });
  await bed.istio.gateway({ namespace: 'lost', name: 'ingress' });
  await bed.waitReady('gateways');
  const scene = await Scene.start(bed, 'gateway');
  try {
    await bed.label('gateways', { 'istio.io/rev': 'next' });
    await scene.current(['gateways'], '1.31.0', 'next');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/gateways/ingress': 1 });
  } finally {
    await scene.stop();
  }
});

test('Recreate and a partition are rolled; OnDelete is never written with --on-delete=never', async () => {
  await bed.namespace('odd', { 'istio-injection': 'enabled' });
  for (const name of ['recreate', 'rolling'])
    await bed.deploy({ kind: 'Deployment', namespace: 'odd', name, replicas: 1 });
  for (const name of ['ondelete', 'partition'])
    await bed.deploy({ kind: 'StatefulSet', namespace: 'odd', name, replicas: 2 });
  await bed.api.patch(pathOf('Deployment', 'odd', 'recreate'), {
    spec: { strategy: { type: 'Recreate', rollingUpdate: null } },
  });
  await bed.api.patch(pathOf('StatefulSet', 'odd', 'ondelete'), {
    spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
  });
  await bed.api.patch(pathOf('StatefulSet', 'odd', 'partition'), {
    spec: { updateStrategy: { rollingUpdate: { partition: 1 } } },
  });
  await bed.waitReady('odd');
  const scene = await Scene.start(bed, 'odd', '--on-delete', 'never');
  try {
    await bed.label('odd', { 'istio-injection': null, 'istio.io/rev': 'next' });
    await until('three outcomes', 90_000, async () => Object.keys(await scene.outcomes()).length === 3);
    await stays('three writes', 5_000, async () => (await scene.restarts()).length === 3);
    assert.deepEqual(await scene.outcomes(), {
      'deployments/odd/recreate': 'verified',
      'deployments/odd/rolling': 'verified',
      'statefulsets/odd/partition': 'verified',
    });
  } finally {
    await scene.stop();
  }
});
