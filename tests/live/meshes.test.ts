import assert from 'node:assert/strict';
import { type Kind, pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';

let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.base();
});

clearBetweenTests(() => bed);
afterAll(() => bed?.down());

/** A Deployment `web` in each of these namespaces, ready. */
async function deployed(namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<void> {
  for (const [namespace, labels] of Object.entries(namespaces)) {
    await bed.namespace(namespace, labels);
    await bed.deploy({ namespace, name: 'web' });
  }
  await Promise.all(Object.keys(namespaces).map((namespace) => bed.waitReady(namespace)));
}

const once = (...namespaces: string[]): Record<string, number> =>
  Object.fromEntries(namespaces.map((namespace) => [`deployments/${namespace}/web`, 1]));

const exists = async (kind: Kind, name: string): Promise<boolean> =>
  (await bed.api.find(pathOf(kind, kind === 'MutatingWebhookConfiguration' ? '' : 'istio-system', name))) !== undefined;

test('sail-operator’s revisions, named after versions: the tag moves, the old revision goes', async () => {
  const [old, next] = ['default-v1-30-2', 'default-v1-31-0'];
  await bed.istio.install({ revision: old, version: '1.30.2' });
  await bed.istio.setTag('default', old);
  assert.ok(await exists('Deployment', 'istiod-default-v1-30-2'));
  assert.ok(await exists('ConfigMap', 'istio-sidecar-injector-default-v1-30-2'));
  assert.ok(await exists('MutatingWebhookConfiguration', 'istio-sidecar-injector-default-v1-30-2'));
  await deployed({
    enabled: { 'istio-injection': 'enabled' },
    tagged: { 'istio.io/rev': 'default' },
    pinned: { 'istio.io/rev': old },
  });
  const scene = await Scene.start(bed, 'sail');
  try {
    await bed.istio.install({ revision: next, version: '1.31.0' });
    for (const namespace of ['enabled', 'tagged', 'pinned']) await scene.decided(namespace, 'current', '');
    await stays('nothing written', 3000, async () => (await scene.restarts()).length === 0);
    await bed.istio.setTag('default', next);
    await scene.current(['enabled', 'tagged'], '1.31.0', next);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), once('enabled', 'tagged'));
    await bed.label('pinned', { 'istio.io/rev': next });
    await scene.current(['pinned'], '1.31.0', next);
    await scene.settled();
    await bed.istio.uninstall(old);
    await stays('three writes', 5000, async () => (await scene.restarts()).length === 3);
    assert.deepEqual(await scene.restartCounts(), once('enabled', 'pinned', 'tagged'));
  } finally {
    await scene.stop();
    await bed.istio.removeTag('default');
    await bed.istio.uninstall(next);
  }
});

test('two meshes in one cluster: upgrading or configuring one restarts its own workloads alone', async () => {
  for (const mesh of ['east', 'west']) {
    const discoverySelectors = [{ matchLabels: { mesh } }];
    await bed.namespace(`mesh-${mesh}`, { mesh });
    const values = { meshConfig: { discoverySelectors } };
    await bed.istio.install({ revision: mesh, version: '1.30.2', namespace: `mesh-${mesh}`, values });
  }
  await deployed({
    'in-east': { mesh: 'east', 'istio.io/rev': 'east' },
    'in-west': { mesh: 'west', 'istio.io/rev': 'west' },
  });
  const scene = await Scene.start(bed, 'meshes');
  try {
    await bed.istio.upgrade('east', '1.31.0');
    await scene.current(['in-east'], '1.31.0', 'east');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), once('in-east'));
    const apiVersion = 'networking.istio.io/v1beta1';
    await bed.api.create(`/apis/${apiVersion}/namespaces/mesh-west/proxyconfigs`, {
      apiVersion,
      kind: 'ProxyConfig',
      metadata: { name: 'root' },
      spec: { image: { imageType: 'distroless' } },
    });
    await scene.current(['in-west'], '1.30.2-distroless', 'west');
    await scene.settled();
    await stays('two writes', 3000, async () => (await scene.restarts()).length === 2);
    assert.deepEqual(await scene.restartCounts(), once('in-east', 'in-west'));
  } finally {
    await scene.stop();
    await bed.istio.uninstall('east');
    await bed.istio.uninstall('west');
  }
});

test('a rotated authority restarts nothing, questions go on being answered, and the next upgrade comes', async () => {
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  const enabled = { 'istio-injection': 'enabled' };
  await deployed({ before: enabled });
  const scene = await Scene.start(bed, 'authority');
  try {
    await scene.decided('before', 'current', '');
    await bed.istio.rotateAuthority('default');
    await deployed({ later: enabled });
    // what makes the operator look at it, long before its next scan
    await bed.label('later', { seen: 'yes' });
    await scene.decided('later', 'current', '');
    await stays('nothing written', 3000, async () => (await scene.restarts()).length === 0);
    await bed.istio.upgrade('default', '1.31.0');
    await scene.current(['before', 'later'], '1.31.0', 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), once('before', 'later'));
  } finally {
    await scene.stop();
    await bed.istio.uninstall('default');
  }
});
