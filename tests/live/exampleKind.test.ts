import '../kinds/withFleet.ts';
import assert from 'node:assert/strict';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { launch, serveFleets, steer } from './fleetController.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { Reconciler } from './reconciler.ts';
import { QUICK, Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

// what is imported by `await`, and every process that is started from here, knows the example kind
const { RIGHTS } = await import('../../src/cluster/rights.ts');
const { rulesOf } = await import('../contract/chart/rightsTemplate.ts');
process.env.NODE_OPTIONS = `--import=${new URL('../kinds/withFleet.ts', import.meta.url)}`;

const USER = 'meltemi-example-kind';
const { version, nextVersion } = new Versions();

test('a kind that a CustomResourceDefinition serves is planned, restarted once after an upgrade, followed and verified', async () => {
  await serveFleets(bed.api);
  await bed.namespace('sea', { 'istio-injection': 'enabled' });
  await launch(bed.api, 'sea', 'armada', 2);
  const controller = new Reconciler(() => steer(bed.api, 'sea', 'armada'));
  let scene: Scene | undefined;
  try {
    await until('two ships', 60_000, async () => (await bed.sidecars('sea')).filter(({ ready }) => ready).length === 2);
    const before = await bed.sidecars('sea');
    assert.deepEqual(
      before.map(({ owner, image }) => [owner, image.split(':').at(-1)]),
      [
        ['Fleet/armada', version()],
        ['Fleet/armada', version()],
      ],
    );
    await bed.istio.upgrade('default', nextVersion());
    const [row] = await planRows(bed.kubeconfig, '-n', 'sea');
    assert.deepEqual([row?.kind, row?.name, row?.verdict, row?.action], ['Fleet', 'armada', 'outdated', 'restart']);
    const kubeconfig = await bed.operatorKubeconfig(USER, rulesOf(RIGHTS));
    scene = await Scene.of(bed, USER, async () => new OperatorProcess(kubeconfig, QUICK));
    await scene.current(['sea'], version(), 'default');
    await until('the outcome', 60_000, async () => Object.keys((await scene?.outcomes()) ?? {}).length > 0);
    await stays('one write', 10_000, async () => (await scene?.restarts())?.length === 1);
    assert.deepEqual(await scene.restartCounts(), { 'fleets/sea/armada': 1 });
    assert.deepEqual(await scene.outcomes(), { 'fleets/sea/armada': 'verified' });
    const after = await bed.sidecars('sea');
    assert.ok(after.every(({ pod }) => !before.some((one) => one.pod === pod)));
    assert.deepEqual(
      (await planRows(bed.kubeconfig, '-n', 'sea')).map(({ verdict }) => verdict),
      ['current'],
    );
  } finally {
    await scene?.stop();
    await controller.stop();
  }
});
