import assert from 'node:assert/strict';
import type { ApiObject } from '../testbed/api.ts';
import type { Write } from '../testbed/audit.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const ROOMY = ['--max-in-flight', '10', '--max-in-flight-per-namespace', '10'];

interface DisruptionBudget extends ApiObject {
  readonly status: { readonly currentHealthy?: number; readonly disruptionsAllowed?: number };
}

/** A budget for pods labelled `tier: data`, once the disruption controller counts so many of them healthy. */
async function budget(namespace: string, maxUnavailable: number, healthy: number): Promise<void> {
  await bed.api.create(pathOf('PodDisruptionBudget', namespace), {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'data' },
    spec: { maxUnavailable, selector: { matchLabels: { tier: 'data' } } },
  });
  await until(`${healthy} healthy pods in ${namespace}`, 30_000, async () => {
    const { status } = await bed.api.get<DisruptionBudget>(pathOf('PodDisruptionBudget', namespace, 'data'));
    const { currentHealthy = 0, disruptionsAllowed = 0 } = status;
    return (currentHealthy === healthy && disruptionsAllowed === maxUnavailable) || new Error(JSON.stringify(status));
  });
}

const database = (namespace: string, name: string): Promise<void> =>
  bed.deploy({ kind: 'StatefulSet', namespace, name, replicas: 2, labels: { tier: 'data' }, readyAfter: '2s' });

test('under one PodDisruptionBudget StatefulSets go one after the other; what only surges is not kept', async () => {
  await bed.namespace('shared', INJECTED);
  await Promise.all(['a', 'b', 'c'].map((name) => database('shared', name)));
  await bed.deploy({ namespace: 'shared', name: 'web', replicas: 2, labels: { tier: 'data' }, readyAfter: '8s' });
  await bed.waitReady('shared');
  await budget('shared', 1, 8);
  const scene = await Scene.start(bed, 'shared', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['shared'], version(), 'default', 240);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), {
      'deployments/shared/web': 1,
      'statefulsets/shared/a': 1,
      'statefulsets/shared/b': 1,
      'statefulsets/shared/c': 1,
    });
    assert.deepEqual(await scene.mostInFlight(({ resource }) => resource === 'statefulsets'), {
      overall: 1,
      perNamespace: 1,
    });
    assert.equal((await scene.mostInFlight()).overall, 2, 'the Deployment went beside one of them');
  } finally {
    await scene.stop();
  }
});

test('a budget that allows nothing keeps a StatefulSet back, but not with --pdb=ignore', async () => {
  await bed.namespace('locked', INJECTED);
  await database('locked', 'db');
  await bed.waitReady('locked');
  await budget('locked', 0, 2);
  const respectful = await Scene.start(bed, 'respectful', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('it to be held', 60_000, () => respectful.waiting().get('locked') === 'pdb');
    const [row] = await planRows(bed.kubeconfig, '-n', 'locked');
    assert.equal(row?.reason, 'pdb');
    assert.match(row?.detail ?? '', /locked\/data .*2 pods healthy, 2 wanted/);
    await stays('nothing written', 15_000, async () => (await respectful.attempts()).length === 0);
  } finally {
    await respectful.stop();
  }
  const scene = await Scene.start(bed, 'regardless', '--pdb', 'ignore', ...ROOMY);
  try {
    await scene.current(['locked'], version(), 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'statefulsets/locked/db': 1 });
  } finally {
    await scene.stop();
  }
});

test('--max-restarts-per-minute is reached and never exceeded, also across a crash', async () => {
  await bed.namespace('paced', INJECTED);
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await bed.deploy({ namespace: 'paced', name });
  await bed.waitReady('paced');
  const scene = await Scene.start(bed, 'paced', '--max-restarts-per-minute', '3', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('three of them', 60_000, async () => (await scene.restarts()).length === 3);
    await scene.settled();
    await scene.operator.kill();
    await scene.restart();
    await scene.current(['paced'], version(), 'default', 150);
    const restarts = await scene.restarts();
    assert.equal(restarts.length, names.length);
    assert.equal(mostWithin(60_000, restarts), 3);
  } finally {
    await scene.stop();
  }
});

/** The most writes within any so long a time. */
const mostWithin = (milliseconds: number, writes: readonly Write[]): number =>
  Math.max(
    ...writes.map(({ time }) => writes.filter((one) => one.time >= time && one.time < time + milliseconds).length),
  );

interface Quota extends ApiObject {
  readonly status?: { readonly used?: { readonly pods?: string } };
}

test('a quota that leaves no room for the new pod: the restart fails, and its Event says what the quota said', async () => {
  await bed.namespace('quota', INJECTED);
  await bed.deploy({ namespace: 'quota', name: 'web', replicas: 2 });
  await bed.waitReady('quota');
  const quotas = '/api/v1/namespaces/quota/resourcequotas';
  await bed.api.create(quotas, { metadata: { name: 'tight' }, spec: { hard: { pods: '2' } } });
  await until('the quota to be counted', 30_000, async () => {
    const { status } = await bed.api.get<Quota>(`${quotas}/tight`);
    return status?.used?.pods === '2';
  });
  const scene = await Scene.start(bed, 'quota', '--restart-timeout', '8s');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('the outcome', 90_000, async () => 'deployments/quota/web' in (await scene.outcomes()));
    assert.deepEqual(await scene.outcomes(), { 'deployments/quota/web': 'failed:timeout' });
    const messages = await until('the Event', 10_000, async () => {
      const said = await scene.messages('quota', 'RestartFailed');
      return said.length > 0 && said;
    });
    assert.match(
      messages[0] ?? '',
      /forbidden: exceeded quota: tight, requested: pods=1, used: pods=2, limited: pods=2/,
    );
    await stays('one write', 10_000, async () => (await scene.restarts()).length === 1);
  } finally {
    await scene.stop();
  }
});
