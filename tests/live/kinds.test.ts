import assert from 'node:assert/strict';
import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../../src/names.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { meltemi, planRows } from './commandLine.ts';
import { Reconciler } from './reconciler.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const ROOMY = ['--max-in-flight', '10', '--max-in-flight-per-namespace', '10'];
const RECREATE = { strategy: { type: 'Recreate', rollingUpdate: null } };

test('what means an outage is marked in the plan and goes last, or not at all with --recreate=hold', async () => {
  await bed.namespace('outage', INJECTED);
  await bed.deploy({ namespace: 'outage', name: 'a-recreated', replicas: 2, spec: RECREATE });
  for (const name of ['b', 'c']) await bed.deploy({ namespace: 'outage', name, replicas: 2 });
  await bed.waitReady('outage');
  await bed.istio.upgrade('default', nextVersion());
  const rows = await planRows(bed.kubeconfig, '-n', 'outage');
  assert.deepEqual(
    rows.map(({ name, order, outage = false }) => ({ name, order, outage })),
    [
      { name: 'b', order: 1, outage: false },
      { name: 'c', order: 2, outage: false },
      { name: 'a-recreated', order: 3, outage: true },
    ],
  );
  const { out } = await meltemi('plan', '--kubeconfig', bed.kubeconfig, '-n', 'outage');
  assert.match(out, /a-recreated.*causes an outage: all its pods may be down at once/);
  const careful = await Scene.start(bed, 'careful', '--recreate', 'hold');
  try {
    await until('the other two', 60_000, async () => Object.keys(await careful.outcomes()).length === 2);
    await stays('two writes', 10_000, async () => (await careful.restarts()).length === 2);
    assert.deepEqual(await careful.restartCounts(), { 'deployments/outage/b': 1, 'deployments/outage/c': 1 });
    const held = (await planRows(bed.kubeconfig, '-n', 'outage', '--recreate', 'hold'))[0];
    assert.deepEqual([held?.name, held?.reason, held?.outage], ['a-recreated', 'outage', true]);
  } finally {
    await careful.stop();
  }
  // before the operator starts, because it would restart what was held at once
  await bed.istio.upgrade('default', nextVersion());
  const scene = await Scene.start(bed, 'outage');
  try {
    await scene.current(['outage'], version(), 'default', 120);
    await scene.settled();
    assert.deepEqual(
      (await scene.restarts()).map(({ name }) => name),
      ['b', 'c', 'a-recreated'],
    );
    assert.deepEqual(new Set(Object.values(await scene.outcomes())), new Set(['verified']));
  } finally {
    await scene.stop();
  }
});

/** The tag of each pod's proxy, by the pod's name. */
async function tags(namespace: string): Promise<Record<string, string>> {
  const pods = await bed.sidecars(namespace);
  return Object.fromEntries(pods.map(({ pod, image }) => [pod, image.split(':').at(-1) ?? '']));
}

test('a StatefulSet with a partition: only the pods from it on are rolled, verified, and nothing is written again', async () => {
  await bed.namespace('partition', INJECTED);
  const partitioned = (partition: number) => ({ updateStrategy: { rollingUpdate: { partition } } });
  await bed.deploy({
    kind: 'StatefulSet',
    namespace: 'partition',
    name: 'db',
    replicas: 4,
    spec: partitioned(2),
  });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'partition', name: 'kept', replicas: 2, spec: partitioned(2) });
  await bed.waitReady('partition');
  const old = version();
  const scene = await Scene.start(bed, 'partition', '--reconcile-period', '3s');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('the outcome', 90_000, async () => Object.keys(await scene.outcomes()).length > 0);
    await stays('one write', 12_000, async () => (await scene.restarts()).length === 1);
    assert.deepEqual(await scene.outcomes(), { 'statefulsets/partition/db': 'verified' });
    const now = version();
    const expected = { 'db-0': old, 'db-1': old, 'db-2': now, 'db-3': now, 'kept-0': old, 'kept-1': old };
    assert.deepEqual(await tags('partition'), expected);
  } finally {
    await scene.stop();
  }
});

/** A node that is Ready by word alone: kwok leaves it be, so pods on it neither become ready nor go away. */
async function addSilentNode(): Promise<void> {
  const node = await bed.api.get<{ status: { nodeInfo: object; capacity: object } }>(pathOf('Node', '', 'node-0'));
  const { nodeInfo, capacity } = node.status;
  const labels = { 'kubernetes.io/hostname': 'silent', 'kubernetes.io/os': 'linux' };
  const status = { nodeInfo, capacity, allocatable: capacity, conditions: [ready('True')] };
  await bed.api.create(pathOf('Node'), { metadata: { name: 'silent', labels }, status });
}

const ready = (status: string) => ({ type: 'Ready', status, reason: 'Kubelet', message: 'by hand' });

const loseSilentNode = (): Promise<unknown> =>
  bed.api.patch(`${pathOf('Node', '', 'silent')}/status`, { status: { conditions: [ready('False')] } });

/** Its pods wait for their kubelet's word for ever. */
async function removeSilentNode(namespace: string): Promise<void> {
  await bed.api.delete(pathOf('Node', '', 'silent'));
  const pods = await bed.api.list(pathOf('Pod', namespace), { fieldSelector: 'spec.nodeName=silent' });
  for (const { metadata } of pods)
    await bed.api.delete(pathOf('Pod', namespace, metadata.name), { gracePeriodSeconds: 0 });
}

test('a DaemonSet with a pod on a node that is not Ready: the others are rolled where its strategy leaves room', async () => {
  await bed.namespace('daemons', INJECTED);
  await addSilentNode();
  const daemons = async (name: string, maxUnavailable: number, tolerations: readonly object[]): Promise<void> => {
    // what a kubelet has not confirmed stays
    const template = { spec: { terminationGracePeriodSeconds: 30, tolerations } };
    const spec = { updateStrategy: { rollingUpdate: { maxUnavailable } }, template };
    await bed.deploy({ kind: 'DaemonSet', namespace: 'daemons', name, spec });
  };
  // the controller counts a lost node only for those that tolerate every taint
  const everywhere = [{ operator: 'Exists' }];
  await daemons('narrow', 1, everywhere);
  await daemons('wide', 2, everywhere);
  await daemons('plain', 2, []);
  await until('three of four pods each to be ready', 60_000, async () => {
    const pods = await bed.sidecars('daemons');
    return (pods.length === 12 && pods.filter((pod) => pod.ready).length === 9) || new Error(`${pods.length} pods`);
  });
  await loseSilentNode();
  const scene = await Scene.start(bed, 'daemons', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('two outcomes', 90_000, async () => Object.keys(await scene.outcomes()).length === 2);
    assert.deepEqual(await scene.outcomes(), {
      'daemonsets/daemons/plain': 'verified',
      'daemonsets/daemons/wide': 'verified',
    });
    const rolled = (await bed.sidecars('daemons')).filter((pod) => pod.ready && pod.image.endsWith(version()));
    assert.deepEqual(
      rolled.map(({ owner }) => owner).sort(),
      ['plain', 'plain', 'plain', 'wide', 'wide', 'wide'].map((name) => `DaemonSet/${name}`),
    );
    await stays('two writes', 10_000, async () => (await scene.restarts()).length === 2);
    const rows = (await planRows(bed.kubeconfig, '-n', 'daemons')).filter(({ verdict }) => verdict === 'outdated');
    assert.deepEqual(
      rows.map(({ name, reason }) => [name, reason]),
      [['narrow', 'unavailable']],
    );
    assert.match(rows[0]?.detail ?? '', /1 of 4 pods are on nodes that are not Ready/);
  } finally {
    await scene.stop();
    await removeSilentNode('daemons');
  }
});

/** Three Deployments that belong to an operator's custom resource; any object can stand for one. */
async function owned(namespace: string): Promise<void> {
  await bed.namespace(namespace, INJECTED);
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner' };
  const { metadata } = await bed.api.create(pathOf('ConfigMap', namespace), { metadata: { name: owner.name } });
  for (const name of ['a', 'b', 'c']) {
    await bed.deploy({ namespace, name, readyAfter: '3s' });
    const ownerReferences = [{ ...owner, uid: metadata.uid, controller: true }];
    await bed.api.patch(pathOf('Deployment', namespace, name), { metadata: { ownerReferences } });
  }
  await bed.waitReady(namespace);
}

test('workloads of one kind of owner go one at a time', async () => {
  await owned('owner');
  const scene = await Scene.start(bed, 'owner', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['owner'], version(), 'default', 120);
    await scene.settled();
    assert.equal((await scene.restarts()).length, 3);
    assert.equal((await scene.mostInFlight()).overall, 1);
  } finally {
    await scene.stop();
  }
});

test('an owner that takes a restart back gets no more of its workloads restarted', async () => {
  await owned('taker');
  await bed.namespace('free', INJECTED);
  await bed.deploy({ namespace: 'free', name: 'web' });
  await bed.waitReady('free');
  const template = { metadata: { annotations: { [RESTARTED_AT]: null } } };
  const taker = new Reconciler(() => bed.api.patch(pathOf('Deployment', 'taker', 'a'), { spec: { template } }));
  const scene = await Scene.start(bed, 'taker', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('it to be taken back', 90_000, async () => 'deployments/taker/a' in (await scene.outcomes()));
    await scene.current(['free'], version(), 'default');
    await stays('nothing more of that owner', 20_000, async () => (await scene.restarts()).length === 2);
    assert.deepEqual(await scene.restartCounts(), { 'deployments/free/web': 1, 'deployments/taker/a': 1 });
    assert.equal((await scene.outcomes())['deployments/taker/a'], 'reverted');
    const reasons = (await planRows(bed.kubeconfig, '-n', 'taker')).map(({ name, reason }) => [name, reason]);
    assert.deepEqual(Object.fromEntries(reasons), { a: 'gave-up', b: 'owner-reverts', c: 'owner-reverts' });
  } finally {
    await scene.stop();
    await taker.stop();
  }
});

test('the plan says of every outdated workload what holds it and, where time ends it, until when', async () => {
  await bed.namespace('held', INJECTED);
  const recently = new Date(Math.floor(Date.now() / 1000) * 1000);
  const at = (milliseconds: number) => new Date(milliseconds).toISOString().replace('.000Z', 'Z');
  await bed.deploy({ namespace: 'held', name: 'cooling', annotations: { [FORTSA_RESTARTED_AT]: at(+recently) } });
  await bed.deploy({ namespace: 'held', name: 'paused', spec: { paused: false } });
  await bed.deploy({ namespace: 'held', name: 'recreated', spec: RECREATE });
  await bed.deploy({ namespace: 'held', name: 'first' });
  await bed.deploy({ namespace: 'held', name: 'second' });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'held', name: 'db', replicas: 2 });
  const deleting = { updateStrategy: { type: 'OnDelete', rollingUpdate: null } };
  await bed.deploy({ kind: 'StatefulSet', namespace: 'held', name: 'by-hand', spec: deleting });
  await bed.waitReady('held');
  await bed.api.patch(pathOf('Deployment', 'held', 'paused'), { spec: { paused: true } });
  await bed.api.create(pathOf('PodDisruptionBudget', 'held'), {
    metadata: { name: 'none' },
    spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'db-statefulset' } } },
  });
  await bed.istio.upgrade('default', nextVersion());
  const rows = await planRows(bed.kubeconfig, '-n', 'held', '--recreate', 'hold');
  const said = rows.map(({ name, verdict, action, reason, until: end = '', outage = false }) => {
    return [name, `${verdict} ${action} ${reason} ${end}${outage ? ' outage' : ''}`.trim().replace(/ +/g, ' ')];
  });
  assert.deepEqual(Object.fromEntries(said), {
    cooling: `outdated wait cooldown ${at(+recently + 5 * 60_000)}`,
    paused: 'outdated wait paused',
    recreated: 'outdated wait outage outage',
    first: 'outdated restart',
    second: 'outdated wait max-in-flight-per-namespace',
    db: 'outdated wait pdb',
    'by-hand': 'outdated wait outage outage',
  });
});
