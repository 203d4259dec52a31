import assert from 'node:assert/strict';
import { apiVersionOf, type Kind, pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { MissingPods } from './missingPods.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const NAMESPACE = 'bare';
const POD = { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'testbed/app:1' }] };

async function make(kind: Kind, name: string, replicas: number, selector: object): Promise<void> {
  const template = { metadata: { labels: { app: name } }, spec: POD };
  await bed.api.create(pathOf(kind, NAMESPACE), {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name },
    spec: { replicas, selector, template },
  });
}

test('ReplicaSets and ReplicationControllers without an owner are restarted by evictions, those of Deployments are not', async () => {
  await bed.namespace(NAMESPACE, { 'istio-injection': 'enabled' });
  await make('ReplicaSet', 'set', 3, { matchLabels: { app: 'set' } });
  await make('ReplicationController', 'old', 2, { app: 'old' });
  await make('ReplicaSet', 'single', 1, { matchLabels: { app: 'single' } });
  await bed.deploy({ namespace: NAMESPACE, name: 'web', replicas: 2 });
  await until('eight ready pods', 60_000, async () => {
    const pods = (await bed.sidecars(NAMESPACE)).filter(({ ready, image }) => ready && image);
    return pods.length === 8 || new Error(`${pods.length} pods`);
  });
  const missing = await MissingPods.of(bed.api, NAMESPACE);
  await bed.istio.upgrade('default', nextVersion());
  const rows = await planRows(bed.kubeconfig, '-n', NAMESPACE, '--recreate', 'hold');
  assert.deepEqual(rows.map(({ kind, name, verdict, reason }) => [`${kind}/${name}`, verdict, reason]).sort(), [
    ['Deployment/web', 'outdated', ''],
    ['ReplicaSet/set', 'outdated', 'max-in-flight-per-namespace'],
    ['ReplicaSet/single', 'outdated', 'outage'],
    ['ReplicationController/old', 'outdated', 'max-in-flight-per-namespace'],
  ]);
  const scene = await Scene.start(bed, 'bare', '--recreate', 'hold');
  try {
    await until('three outcomes', 120_000, async () => Object.keys(await scene.outcomes()).length === 3);
    assert.deepEqual(await scene.outcomes(), {
      'deployments/bare/web': 'verified',
      'replicasets/bare/set': 'verified',
      'replicationcontrollers/bare/old': 'verified',
    });
    const evicted = (await scene.evictions()).map(({ name }) => name.replace(/-[^-]+$/, ''));
    assert.deepEqual(evicted.sort(), ['old', 'old', 'set', 'set', 'set']);
    assert.deepEqual([missing.most.get('set'), missing.most.get('old'), missing.most.get('single')], [1, 1, undefined]);
    const held = (await bed.sidecars(NAMESPACE)).filter(({ image }) => !image.endsWith(`:${version()}`));
    assert.deepEqual(
      held.map(({ owner }) => owner),
      ['ReplicaSet/single'],
    );
  } finally {
    await scene.stop();
    await missing.stop();
  }
});
