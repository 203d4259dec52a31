import assert from 'node:assert/strict';
import { RETRY } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion, comingVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };

/** Waits until no live pod of a namespace carries a proxy and all are ready. */
const bare = (namespace: string): Promise<unknown> =>
  until(`pods of ${namespace} without sidecar`, 60_000, async () => {
    const pods = await bed.sidecars(namespace);
    return pods.length > 0 && pods.every(({ ready, placement }) => ready && placement === 'none');
  });

test('a namespace that loses its label and gets it back: its pods are repaired again, in a new episode', async () => {
  await bed.namespace('back', {});
  await bed.deploy({ namespace: 'back', name: 'web', replicas: 2 });
  await bed.waitReady('back');
  const scene = await Scene.start(bed, 'back');
  try {
    for (const episode of [1, 2]) {
      await bed.label('back', INJECTED);
      await scene.current(['back'], version(), 'default');
      await scene.settled();
      assert.deepEqual(await scene.restartCounts(), { 'deployments/back/web': episode });
      await bed.label('back', { 'istio-injection': null });
      await bed.restart('back', 'web');
      await bare('back');
    }
    await stays('nothing written where nothing is injected', 5000, async () => (await scene.restarts()).length === 2);
  } finally {
    await scene.stop();
  }
});

interface Webhooks extends ApiObject {
  readonly webhooks: readonly object[];
}

const CONFIGURATION = pathOf('MutatingWebhookConfiguration', '', 'istio-sidecar-injector');

async function setFailurePolicy(failurePolicy: 'Fail' | 'Ignore'): Promise<void> {
  const { webhooks } = await bed.api.get<Webhooks>(CONFIGURATION);
  await bed.api.patch(CONFIGURATION, { webhooks: webhooks.map((webhook) => ({ ...webhook, failurePolicy })) });
}

test('a pod that was born without its sidecar while the webhook was away is repaired in a new episode', async () => {
  await bed.namespace('away', INJECTED);
  await bed.deploy({ namespace: 'away', name: 'web', replicas: 3 });
  await bed.waitReady('away');
  const scene = await Scene.start(bed, 'away', '--reconcile-period', '5s');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['away'], version(), 'default');
    await scene.settled();
    await setFailurePolicy('Ignore');
    await bed.istio.stopIstiod('default');
    const [victim] = await bed.sidecars('away');
    await until('a pod to be born without its sidecar', 60_000, async () => {
      const pods = await bed.sidecars('away');
      if (pods.some(({ pod }) => pod === victim?.pod)) await bed.api.delete(pathOf('Pod', 'away', victim?.pod ?? ''));
      return pods.some(({ placement, ready }) => placement === 'none' && ready);
    });
    assert.equal((await scene.restarts()).length, 1, 'the first episode');
    await setFailurePolicy('Fail');
    await bed.istio.startIstiod('default');
    await scene.current(['away'], version(), 'default', 120);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/away/web': 2 });
  } finally {
    await scene.stop();
  }
});

test('a workload that failed is written once more for each new value of the retry annotation, and not again', async () => {
  await bed.namespace('retried', INJECTED);
  await bed.deploy({ namespace: 'retried', name: 'web', stuckWithProxy: comingVersion() });
  await bed.waitReady('retried');
  const scene = await Scene.start(bed, 'retried', '--restart-timeout', '5s');
  const path = pathOf('Deployment', 'retried', 'web');
  const failedAfter = (count: number) =>
    until(`failure ${count}`, 90_000, async () => {
      const { metadata } = await bed.api.get(path);
      const outcome = metadata.annotations?.['meltemi.dev/outcome'];
      return (await scene.restarts()).length === count && outcome === 'failed:timeout';
    });
  try {
    await bed.istio.upgrade('default', nextVersion());
    await failedAfter(1);
    await bed.api.patch(path, { metadata: { annotations: { [RETRY]: 'first' } } });
    await failedAfter(2);
    await stays('one more', 40_000, async () => (await scene.restarts()).length === 2);
    await bed.api.patch(path, { metadata: { annotations: { [RETRY]: 'second' } } });
    await failedAfter(3);
  } finally {
    await scene.stop();
  }
});

test('istiod away while pods are being made: the clock stands still, and once it is back the restarts are verified', async () => {
  await bed.namespace('refused', INJECTED);
  await bed.deploy({ namespace: 'refused', name: 'web', replicas: 6, readyAfter: '1s' });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'refused', name: 'db', replicas: 6, readyAfter: '1s' });
  await bed.waitReady('refused');
  const scene = await Scene.start(bed, 'refused', '--restart-timeout', '15s', '--max-in-flight-per-namespace', '2');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('both restarts', 60_000, async () => (await scene.restarts()).length === 2);
    await bed.istio.stopIstiod('default');
    await stays('no outcome', 25_000, async () => Object.keys(await scene.outcomes()).length === 0);
    await bed.istio.startIstiod('default');
    // the controllers retry with a back-off that doubles, so their next try may be minutes away (client-go workqueue, up to 1000 s)
    await scene.current(['refused'], version(), 'default', 400);
    await scene.settled();
    assert.deepEqual(await scene.outcomes(), {
      'deployments/refused/web': 'verified',
      'statefulsets/refused/db': 'verified',
    });
    assert.equal((await scene.restarts()).length, 2);
    const ends = scene.operator.said('Restart ended');
    assert.deepEqual(
      ends.map(({ outcome }) => outcome),
      ['verified', 'verified'],
      'no restart was given up on the way',
    );
  } finally {
    await scene.stop();
  }
});
