import assert from 'node:assert/strict';
import { pathOf } from '../testbed/paths.ts';
import type { Rollout } from '../testbed/rollouts.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const ROOMY = ['--max-in-flight', '10', '--max-in-flight-per-namespace', '10', '--reconcile-period', '5s'];
const STEPS = { canary: { maxUnavailable: '100%', steps: [{ setWeight: 50 }, { pause: {} }] } };
/** A changed template begins an update. */
const update = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'app', image }] } } } });

let began = false;
beforeEach(async () => {
  if (!began) await bed.rollouts.up();
  began = true;
});

const service = (namespace: string, name: string) =>
  bed.api.create(pathOf('Service', namespace), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ port: 80 }], selector: { app: `${name}-rollout` } },
  });

/** Its template and the ReplicaSet that has its pods: an update would change both. */
const untouched = ({ spec, status }: Rollout) => [JSON.stringify(spec.template), status?.currentPodHash];

test('canary and blue-green Rollouts are restarted once by restartAt after an upgrade, and begin no update', async () => {
  await bed.namespace('argo', INJECTED);
  await service('argo', 'green');
  await bed.rollouts.create({ namespace: 'argo', name: 'canary', replicas: 3, spec: { strategy: STEPS } });
  const blueGreen = { blueGreen: { activeService: 'green', maxUnavailable: '100%' } };
  await bed.rollouts.create({ namespace: 'argo', name: 'green', spec: { strategy: blueGreen } });
  const names = ['canary', 'green'];
  for (const name of names) await bed.rollouts.phase('argo', name, 'Healthy');
  const before = await Promise.all(names.map((name) => bed.rollouts.get('argo', name)));
  const pods = await bed.sidecars('argo');
  const scene = await Scene.start(bed, 'argo', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['argo'], version(), 'default', 120);
    await scene.settled(90);
    await stays('two writes', 10_000, async () => (await scene.restarts()).length === 2);
    assert.deepEqual(await scene.restartCounts(), { 'rollouts/argo/canary': 1, 'rollouts/argo/green': 1 });
    const outcomes = Object.values(await scene.outcomes());
    assert.deepEqual(outcomes, ['verified', 'verified']);
    const after = await Promise.all(names.map((name) => bed.rollouts.get('argo', name)));
    assert.deepEqual(after.map(untouched), before.map(untouched));
    assert.ok((await bed.sidecars('argo')).every(({ pod }) => !pods.some((old) => old.pod === pod)));
    for (const { spec, status } of after) assert.equal(status?.restartedAt, spec.restartAt);
  } finally {
    await scene.stop();
  }
});

test('an update in progress, a pause and an abort are left alone until their people end them', async () => {
  await bed.namespace('held', INJECTED);
  for (const name of ['stepping', 'paused', 'aborted'])
    await bed.rollouts.create({ namespace: 'held', name, spec: { strategy: STEPS } });
  for (const name of ['stepping', 'paused', 'aborted']) await bed.rollouts.phase('held', name, 'Healthy');
  await bed.rollouts.patch('held', 'stepping', update('testbed/app:2'));
  await bed.rollouts.phase('held', 'stepping', 'Paused');
  await bed.rollouts.patch('held', 'paused', { spec: { paused: true } });
  await bed.rollouts.patch('held', 'aborted', update('testbed/app:2'));
  await bed.rollouts.phase('held', 'aborted', 'Paused');
  await bed.rollouts.patchStatus('held', 'aborted', { abort: true });
  await bed.rollouts.phase('held', 'aborted', 'Degraded');
  await bed.istio.upgrade('default', nextVersion());
  const scene = await Scene.start(bed, 'held', ...ROOMY);
  try {
    const waits = async () => {
      const rows = await planRows(bed.kubeconfig, '-n', 'held');
      return Object.fromEntries(rows.map(({ name, action, reason }) => [name, `${action} ${reason}`]));
    };
    assert.deepEqual(await waits(), {
      stepping: 'wait update-pending',
      paused: 'wait paused',
      aborted: 'wait update-pending',
    });
    await stays('no write', 10_000, async () => (await scene.attempts()).length === 0);
    // the canary's people promote it, resume the second, and take the third back to its first version
    await bed.rollouts.patchStatus('held', 'stepping', { promoteFull: true });
    await bed.rollouts.patch('held', 'paused', { spec: { paused: false } });
    await bed.rollouts.patch('held', 'aborted', update('testbed/app:1'));
    await scene.current(['held'], version(), 'default', 120);
    await scene.settled(90);
    const counts = await scene.restartCounts();
    assert.deepEqual(
      Object.entries(counts).filter(([, count]) => count > 1),
      [],
    );
    // half of its pods were new before, the others are old
    assert.equal(counts['rollouts/held/paused'], 1);
    assert.equal(counts['rollouts/held/aborted'], 1);
  } finally {
    await scene.stop();
  }
});

test('a Rollout with workloadRef is restarted, and the Deployment that has its template is not written', async () => {
  await bed.namespace('lent', INJECTED);
  await bed.deploy({ namespace: 'lent', name: 'web', replicas: 1 });
  await bed.waitReady('lent');
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  await bed.rollouts.create({
    namespace: 'lent',
    name: 'web',
    spec: { workloadRef, selector: { matchLabels: { app: 'web-deployment' } } },
  });
  await bed.rollouts.phase('lent', 'web', 'Healthy');
  await bed.istio.upgrade('default', nextVersion());
  const rows = await planRows(bed.kubeconfig, '-n', 'lent');
  assert.deepEqual(Object.fromEntries(rows.map(({ kind, verdict, reason }) => [kind, `${verdict} ${reason}`.trim()])), {
    Deployment: 'skipped scaled-by-rollout',
    Rollout: 'outdated',
  });
  const scene = await Scene.start(bed, 'lent', ...ROOMY);
  try {
    await until('the restart of the Rollout', 90_000, async () => {
      return (await scene.outcomes())['rollouts/lent/web'] === 'verified';
    });
    await stays('one workload written', 10_000, async () => {
      const resources = new Set((await scene.attempts()).map(({ resource }) => resource));
      return resources.size === 1 && resources.has('rollouts');
    });
    assert.deepEqual(await scene.restartCounts(), { 'rollouts/lent/web': 1 });
  } finally {
    await scene.stop();
  }
});
