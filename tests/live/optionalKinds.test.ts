import assert from 'node:assert/strict';
import { RIGHTS } from '../../src/cluster/rights.ts';
import { rulesOf } from '../contract/chart/rightsTemplate.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { QUICK, Scene } from './scene.ts';
import { Versions } from './versions.ts';

const { nextVersion } = new Versions();
const USER = 'meltemi-optional';
const WITHOUT = rulesOf(RIGHTS.filter(({ when }) => !when?.endsWith('.enabled')));
const ROLLOUTS = pathOf('CustomResourceDefinition', '', 'rollouts.argoproj.io');

test('a kind without rights, a kind that is switched off and an API that goes away are said once, and the others go on', async () => {
  await bed.rollouts.define();
  await bed.namespace('beside', { 'istio-injection': 'enabled' });
  await bed.deploy({ namespace: 'beside', name: 'web' });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'beside', name: 'db' });
  await bed.waitReady('beside');
  await bed.rollouts.create({ namespace: 'beside', name: 'unseen' });
  const kubeconfig = await bed.operatorKubeconfig(USER, WITHOUT);
  const flags = [...QUICK, '--reconcile-period', '2s', '--kinds', 'Deployment,Rollout'];
  const scene = await Scene.of(bed, USER, async () => new OperatorProcess(kubeconfig, flags));
  const times = async (resource: string, count: number): Promise<void> => {
    await until(`${count} restarts of ${resource}`, 90_000, async () => {
      const counts = await scene.restartCounts();
      return counts[resource] === count || new Error(JSON.stringify(counts));
    });
    await scene.settled();
  };
  try {
    await bed.istio.upgrade('default', nextVersion());
    await times('deployments/beside/web', 1);
    const refused = scene.operator.said('Operation failed, retrying').map(({ subject }) => subject);
    assert.deepEqual(refused, ['reading rollouts.argoproj.io, so none is restarted']);
    await bed.api.delete(ROLLOUTS);
    await until(
      'it to be said',
      30_000,
      () => scene.operator.said('API is not served, skipping its workloads').length > 0,
    );
    await bed.istio.upgrade('default', nextVersion());
    await times('deployments/beside/web', 2);
    assert.equal(scene.operator.said('API is not served, skipping its workloads').length, 1);
    assert.equal(scene.operator.said('Operation failed, retrying').length, 1);
    // neither the Rollout nor the StatefulSet was ever asked to change
    assert.deepEqual(Object.keys(await scene.restartCounts()), ['deployments/beside/web']);
    const asked = await bed.audit.kinds(USER);
    // only to see whether somebody owns the owner of its pods, which are listed
    assert.deepEqual(
      asked.filter(({ resource, verb }) => resource === 'statefulsets' && verb !== 'get'),
      [],
    );
  } finally {
    await scene.stop();
  }
});
