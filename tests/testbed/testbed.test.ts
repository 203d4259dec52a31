import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { build } from './build.ts';
import { isAlive } from './identity.ts';
import { pathOf } from './paths.ts';
import { BED_PROGRAMS } from './programs.ts';
import { progressOn } from './progress.ts';
import type { PodSidecar } from './sidecars.ts';
import { Testbed } from './testbed.ts';
import { until } from './until.ts';
import { WORKLOAD_KINDS } from './workloads.ts';

const OLD = '1.30.2';
const NEW = '1.31.0';
const image = (version: string) => `docker.io/istio/proxyv2:${version}`;

let bed: Testbed;
let isDown = false;

beforeAll(async () => {
  await build(progressOn(process.stderr), BED_PROGRAMS);
  const begin = performance.now();
  bed = await Testbed.up();
  await bed.istio.install({ version: OLD, tags: ['prod'] });
  console.log(`testbed with one istiod up in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
});

afterAll(async () => {
  if (!isDown) await bed?.down();
});

const images = async (namespace: string) => [...new Set((await bed.sidecars(namespace)).map((pod) => pod.image))];

test('pods of all kinds get the injector’s proxy, and an upgrade in place changes what new pods get', async () => {
  await bed.namespace('kinds', { 'istio-injection': 'enabled' });
  for (const kind of WORKLOAD_KINDS) {
    await bed.deploy({ kind, namespace: 'kinds', name: 'app', replicas: 2 });
  }
  await bed.waitReady('kinds');
  assert.deepEqual(await images('kinds'), [image(OLD)]);

  await bed.istio.upgrade('default', NEW);
  assert.deepEqual(await images('kinds'), [image(OLD)], 'an upgrade restarts nothing');
  for (const kind of WORKLOAD_KINDS) await bed.restart('kinds', 'app', kind);
  await bed.waitReady('kinds');
  assert.deepEqual(await images('kinds'), [image(NEW)]);

  const pods = await bed.sidecars('kinds');
  assert.deepEqual(owners(pods), ['DaemonSet/app', 'Deployment/app', 'StatefulSet/app']);
  assert.ok(pods.every((pod) => pod.revision === 'default' && pod.ready && pod.placement === 'initContainer'));
  await bed.deleteNamespace('kinds');
});

test('the injector’s configuration and istiod’s Deployment change one without the other', async () => {
  await bed.istio.setInjectorVersion('default', OLD);
  assert.equal(await istiodImage(), `docker.io/istio/pilot:${NEW}`);
  await bed.istio.setIstiodVersion('default', OLD);
  assert.equal(await istiodImage(), `docker.io/istio/pilot:${OLD}`);
});

test('a rollout of istiod stays incomplete until it is released', async () => {
  const unavailable = async () => (await istiod()).status.unavailableReplicas ?? 0;
  await bed.istio.holdIstiodRollout('default', NEW);
  assert.deepEqual([await istiodImage(), await unavailable()], [`docker.io/istio/pilot:${NEW}`, 1]);
  await bed.istio.releaseIstiodRollout('default');
  assert.equal(await unavailable(), 0);
  await bed.istio.setIstiodVersion('default', OLD);
});

test('a moved tag leads to the other revision, and a new one can be used at once', async () => {
  await bed.istio.install({ revision: 'canary', version: NEW });
  await bed.namespace('tagged', { 'istio.io/rev': 'prod' });
  await bed.deploy({ namespace: 'tagged', name: 'app' });
  await bed.waitReady('tagged');
  assert.deepEqual(await images('tagged'), [image(OLD)]);

  await bed.istio.setTag('prod', 'canary');
  await bed.restart('tagged', 'app');
  await bed.waitReady('tagged');
  assert.deepEqual(await images('tagged'), [image(NEW)]);

  await bed.istio.setTag('fresh', 'default');
  await bed.label('tagged', { 'istio.io/rev': 'fresh' });
  await bed.restart('tagged', 'app');
  await bed.waitReady('tagged');
  assert.deepEqual(await images('tagged'), [image(OLD)]);
});

test('a gateway’s own proxy is injected', async () => {
  await bed.istio.gateway({ name: 'gateway', namespace: 'tagged' });
  await bed.waitReady('tagged');
  const [gateway] = (await bed.sidecars('tagged')).filter((pod) => pod.owner === 'Deployment/gateway');
  assert.deepEqual([gateway?.image, gateway?.placement], [image(OLD), 'container']);
});

test('pods become Ready late, never, not with a certain proxy, or fail', async () => {
  await bed.namespace('fates', { 'istio-injection': 'enabled' });
  await bed.deploy({ namespace: 'fates', name: 'late', readyAfter: '3s' });
  await bed.deploy({ namespace: 'fates', name: 'never', ready: 'never' });
  await bed.deploy({ namespace: 'fates', name: 'failing', ready: 'fail' });
  await bed.deploy({ namespace: 'fates', name: 'choosy', stuckWithProxy: NEW });
  const pod = async (name: string) => (await bed.sidecars('fates')).find(({ owner }) => owner === `Deployment/${name}`);
  const is = (name: string, probe: (pod: PodSidecar) => boolean) =>
    until(`the pod of ${name}`, 15_000, async () => probe(await until(name, 5_000, () => pod(name))));

  await is('choosy', ({ ready }) => ready);
  await is('late', ({ phase, ready }) => phase === 'Running' && !ready);
  await is('late', ({ ready }) => ready);
  const late = await pod('late');
  assert.ok(late && Date.now() - late.created >= 2_900, 'not Ready before its time');
  await is('never', ({ phase, ready }) => phase === 'Running' && !ready);
  await until('a failed pod', 15_000, async () =>
    (await bed.sidecars('fates')).some(({ phase }) => phase === 'Failed'),
  );
  await bed.api.delete(pathOf('Deployment', 'fates', 'failing'));

  await bed.istio.upgrade('default', NEW);
  await bed.restart('fates', 'choosy');
  const choosy = async () => (await bed.sidecars('fates')).filter(({ owner }) => owner === 'Deployment/choosy');
  const both = await until('old and new pod', 10_000, async () => {
    const pods = await choosy();
    return pods.length === 2 && pods.every(({ phase }) => phase === 'Running') && pods;
  });
  assert.deepEqual(both.map(({ image, ready }) => `${image} ${ready}`).sort(), [
    `${image(OLD)} true`,
    `${image(NEW)} false`,
  ]);
});

test('an evicted pod stays behind as Failed and is replaced', async () => {
  const [victim] = (await bed.sidecars('fates')).filter(({ owner, ready }) => owner === 'Deployment/late' && ready);
  assert.ok(victim);
  await bed.failPod('fates', victim.pod);
  await until('the replacement', 15_000, async () => {
    const pods = (await bed.sidecars('fates')).filter(({ owner }) => owner === 'Deployment/late');
    return pods.some(({ phase }) => phase === 'Failed') && pods.some(({ ready }) => ready);
  });
});

test('the kubelets do not delete an evicted pod by its name, which the next pod may have by then', async () => {
  await bed.namespace('names');
  await bed.deploy({ kind: 'StatefulSet', namespace: 'names', name: 'db', replicas: 4 });
  await bed.waitReady('names');
  for (const name of ['db-0', 'db-1', 'db-2', 'db-3'])
    await bed.api.create(`${pathOf('Pod', 'names', name)}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace: 'names', name },
    });
  await bed.waitReady('names');
  const lines = readFileSync(join(bed.state, 'kwok.log'), 'utf8').split('\n');
  const acts = lines.filter((line) => line.includes('names/db'));
  assert.ok(acts.some((line) => line.includes('Patch pod')));
  assert.deepEqual(
    acts.filter((line) => /pod-delete|Delete pod/.test(line)),
    [],
  );
  await bed.deleteNamespace('names');
});

test('the audit log shows who wrote what, and whose requests were refused', async () => {
  const reader = [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] }];
  const writer = await bed.operatorKubeconfig('writer');
  const refused = await bed.operatorKubeconfig('refused', reader);
  const annotate = (kubeconfig: string) =>
    bed.kubectl('--kubeconfig', kubeconfig, '-n', 'fates', 'annotate', 'deployment/late', '--overwrite', 'who=me');
  await annotate(writer);
  await assert.rejects(annotate(refused), /forbidden/);

  const [write, ...more] = await bed.audit.writes('writer');
  assert.equal(more.length, 0);
  assert.deepEqual(write && { ...write, time: 0, received: 0, uid: '', userAgent: '' }, {
    time: 0,
    received: 0,
    uid: '',
    userAgent: '',
    verb: 'patch',
    resource: 'deployments',
    subresource: '',
    namespace: 'fates',
    name: 'late',
    code: 200,
    body: { metadata: { annotations: { who: 'me' } } },
  });
  assert.deepEqual(
    (await bed.audit.writes('refused')).map(({ code }) => code),
    [403],
  );
  assert.equal((await bed.audit.requests('refused'))['get deployments'], 1);
});

test('the counter counts questions, and a stopped istiod refuses new pods', async () => {
  const asked = await bed.istio.questions('default');
  await bed.deploy({ namespace: 'fates', name: 'counted', replicas: 3 });
  await until('three pods', 10_000, async () => (await podsOf('counted')) === 3);
  assert.equal((await bed.istio.questions('default')) - asked, 3);

  await bed.istio.stopIstiod('default');
  await bed.deploy({ namespace: 'fates', name: 'refused' });
  const events = { fieldSelector: 'reason=FailedCreate' };
  await until('the refusal', 15_000, async () => (await bed.api.list(pathOf('Event', 'fates'), events)).length > 0);
  assert.equal(await podsOf('refused'), 0);
  await bed.istio.startIstiod('default');
  await until('the pod', 30_000, async () => (await podsOf('refused')) === 1);
});

test('without controllers objects can be written but nothing follows', async () => {
  await bed.stopControllers();
  await bed.deploy({ namespace: 'fates', name: 'frozen' });
  const [frozen] = await bed.api.list(pathOf('ReplicaSet', 'fates'), { labelSelector: 'app=frozen-deployment' });
  assert.equal(frozen, undefined);
  await bed.startControllers();
  await until('the pod', 15_000, async () => (await podsOf('frozen')) === 1);
});

test('two testbeds run side by side, and one’s end leaves the other alone', async () => {
  const other = await Testbed.up({ nodes: 1, kubelet: 'v1.32.0' });
  await other.istio.install({ version: OLD });
  await other.namespace('kinds', { 'istio-injection': 'enabled' });
  await other.deploy({ namespace: 'kinds', name: 'app' });
  await other.waitReady('kinds');
  const [pod] = await other.sidecars('kinds');
  assert.equal(pod?.placement, 'container', 'no native sidecars with old kubelets');
  await other.down();
  assert.ok((await bed.api.list(pathOf('Node'))).length > 0);
});

test('after down nothing is left', async () => {
  const { processes } = bed;
  assert.ok(processes.length >= 7, processes.map(({ name }) => name).join(', '));
  const ports = [Number(new URL(bed.cluster.server).port), bed.istio.address('default').port];
  for (const port of ports) assert.ok(await isOpen(port));
  await bed.down();
  isDown = true;
  assert.deepEqual(processes.filter(isAlive), []);
  for (const port of ports) assert.ok(!(await isOpen(port)), `port ${port} is closed`);
});

const owners = (pods: readonly PodSidecar[]): string[] => [...new Set(pods.map(({ owner }) => owner))].sort();
const podsOf = async (name: string): Promise<number> =>
  (await bed.sidecars('fates')).filter(({ owner }) => owner === `Deployment/${name}`).length;

interface IstiodDeployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: { readonly unavailableReplicas?: number };
}

const istiod = () => bed.api.get<IstiodDeployment>(pathOf('Deployment', 'istio-system', 'istiod'));
const istiodImage = async () => (await istiod()).spec.template.spec.containers[0]?.image;

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
