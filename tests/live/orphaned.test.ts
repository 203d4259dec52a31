import assert from 'node:assert/strict';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';

const RESTART_ON = ['--restart-on', 'missing,image,revision,orphaned'];

const label = (namespace: string, value: string | null): Promise<unknown> =>
  bed.api.patch(pathOf('Namespace', '', namespace), { metadata: { labels: { 'istio-injection': value } } });

test('pods that nobody would inject any more are reported, and with orphaned in restart-on they lose their sidecar once', async () => {
  await bed.istio.setTag('prod', 'default');
  await bed.namespace('left', { 'istio-injection': 'enabled' });
  await bed.namespace('declined', { 'istio-injection': 'enabled' });
  await bed.namespace('tagged', { 'istio.io/rev': 'prod' });
  for (const namespace of ['left', 'declined', 'tagged']) await bed.deploy({ namespace, name: 'web', replicas: 2 });
  await bed.deploy({ namespace: 'left', name: 'agent', kind: 'DaemonSet' });
  await Promise.all(['left', 'declined', 'tagged'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'orphans-reported');
  try {
    await label('left', null);
    await bed.istio.removeTag('prod');
    for (const namespace of ['left', 'tagged']) await scene.decided(namespace, 'skipped', 'orphaned');
    const rows = await planRows(bed.kubeconfig, '-n', 'left');
    assert.deepEqual(
      rows.map(({ verdict, drifts }) => [verdict, drifts]),
      [
        ['skipped', ['orphaned']],
        ['skipped', ['orphaned']],
      ],
    );
    assert.deepEqual(await scene.restartCounts(), {});
  } finally {
    await scene.stop();
  }
  const restarting = await Scene.start(bed, 'orphans-restarted', ...RESTART_ON);
  try {
    // a label that is gone for a moment
    await label('declined', null);
    await restarting.decided('declined', 'outdated', 'recently-orphaned');
    await label('declined', 'enabled');
    await until('pods without sidecar', 150_000, async () =>
      (await bed.sidecars('left')).every(({ placement, ready }) => placement === 'none' && ready),
    );
    await restarting.settled();
    const rows = await planRows(bed.kubeconfig, '-n', 'left', ...RESTART_ON);
    assert.deepEqual(
      rows.map(({ verdict, reason, lastOutcome }) => [verdict, reason, lastOutcome]),
      [
        ['skipped', 'not-injected', 'verified'],
        ['skipped', 'not-injected', 'verified'],
      ],
    );
    await restarting.decided('declined', 'current', '');
    await restarting.decided('tagged', 'skipped', 'orphaned');
    await stays('nothing else', 5000, async () => (await restarting.restarts()).length === 2);
    assert.deepEqual(await restarting.restartCounts(), { 'deployments/left/web': 1, 'daemonsets/left/agent': 1 });
    assert.deepEqual([...new Set(Object.values(await restarting.outcomes()))], ['verified']);
  } finally {
    await restarting.stop();
  }
}, 400_000);
