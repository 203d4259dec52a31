import assert from 'node:assert/strict';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

/** Istio makes native sidecars once every node has a kubelet of 1.33 or newer; no object that is watched changes then. */
const { version } = new Versions();
let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up({ kubelet: 'v1.30.0' });
  await bed.istio.install({ revision: 'default', version: version() });
  await bed.namespace('shop', { 'istio-injection': 'enabled' });
  await bed.deploy({ namespace: 'shop', name: 'web', replicas: 2 });
  await bed.deploy({ namespace: 'shop', name: 'agent', kind: 'DaemonSet' });
  await bed.waitReady('shop');
});

afterAll(() => bed?.down());

async function upgradeNodes(): Promise<void> {
  const nodes = await bed.api.list(pathOf('Node'));
  for (const { metadata } of nodes)
    await bed.api.patch(`${pathOf('Node', '', metadata.name)}/status`, {
      status: { nodeInfo: { kubeletVersion: 'v1.36.3' } },
    });
}

const placements = async (): Promise<string[]> => [
  ...new Set((await bed.sidecars('shop')).map(({ placement }) => placement)),
];

test('sidecars that would be native now are reported, and nothing is restarted', async () => {
  const scene = await Scene.start(bed, 'reports', '--reconcile-period', '3s');
  try {
    assert.deepEqual(await placements(), ['container']);
    await upgradeNodes();
    await until('the drift to be reported', 120_000, () =>
      scene.operator
        .said('Decided')
        .some(({ drifts, verdict }) => verdict === 'current' && String(drifts) === 'native'),
    );
    const rows = await planRows(bed.kubeconfig, '-n', 'shop');
    assert.deepEqual(rows.map(({ name, verdict, drifts }) => [name, verdict, drifts]).sort(), [
      ['agent', 'current', ['native']],
      ['web', 'current', ['native']],
    ]);
    assert.deepEqual(await scene.restartCounts(), {});
  } finally {
    await scene.stop();
  }
});

test('with native in restart-on each workload is restarted once', async () => {
  const scene = await Scene.start(
    bed,
    'restarts',
    '--reconcile-period',
    '3s',
    '--restart-on',
    'missing,image,revision,native',
  );
  try {
    await until('native sidecars', 90_000, async () => String(await placements()) === 'initContainer');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/shop/web': 1, 'daemonsets/shop/agent': 1 });
    assert.deepEqual([...new Set(Object.values(await scene.outcomes()))], ['verified']);
    const rows = await planRows(bed.kubeconfig, '-n', 'shop', '--restart-on', 'missing,image,revision,native');
    assert.deepEqual(
      rows.map(({ verdict, drifts }) => [verdict, drifts]),
      [
        ['current', []],
        ['current', []],
      ],
    );
  } finally {
    await scene.stop();
  }
});
