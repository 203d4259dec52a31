import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { ApiObject } from '../testbed/api.ts';
import { type Kind, pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { csvName, NEWEST, olderBundle, PACKAGE, writeCatalog } from './olm/bundles.ts';
import { mentions } from './olm/mentions.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';

const HOME = 'meltemi';
const OLDER = '0.0.9';
const CHANNEL = 'stable';
const CATALOG = 'ours';

let bed: Testbed;
let mentionedBefore: Set<string>;

beforeAll(async () => {
  bed = await Testbed.up();
  const mesh = bed.istio.base().then(() => bed.istio.install({ revision: 'default', version: '1.30.2' }));
  await Promise.all([mesh, bed.olm.up()]);
  await writeCatalog(bed.path('first'), CHANNEL, [olderBundle(bed.path('older'), OLDER)]);
  await bed.olm.serveCatalog(CATALOG, bed.path('first'));
  await bed.namespace(HOME);
  await bed.olm.operatorGroup(HOME);
  await until('OLM to have made its roles of the OperatorGroup', 30_000, async () => {
    const roles = await bed.api.list(pathOf('ClusterRole'), { labelSelector: 'olm.owner.kind=OperatorGroup' });
    return roles.length === 3;
  });
  mentionedBefore = await mentions(bed, PACKAGE);
});

afterAll(() => bed?.down());

/** All that a user says, and all that OLM knows of the configuration. */
const ENVIRONMENT = { MELTEMI_ISTIOD_CONFIG_READ_DELAY: '1s', MELTEMI_ANNOTATION_COOLDOWN: '0' };

interface Deployment extends ApiObject {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly { readonly env: readonly { name: string; value: string }[] }[];
      };
    };
  };
  readonly status: { readonly readyReplicas?: number; readonly replicas?: number };
}

const deployment = (): Promise<Deployment> => bed.api.get<Deployment>(pathOf('Deployment', HOME, PACKAGE));

/** The environment that the operator's container has now. */
async function environment(): Promise<Record<string, string>> {
  const [container] = (await deployment()).spec.template.spec.containers;
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
}

async function configure(env: Readonly<Record<string, string>>): Promise<void> {
  const list = Object.entries(env).map(([name, value]) => ({ name, value }));
  await bed.api.patch(pathOf('Subscription', HOME, PACKAGE), { spec: { config: { env: list } } });
  await arrived(env);
}

/** Waits until the Deployment has what the Subscription says: OLM makes each version first without. */
async function arrived(env: Readonly<Record<string, string>>): Promise<void> {
  await until('the Deployment to have the environment of the Subscription', 60_000, async () => {
    const has = await environment();
    return Object.entries(env).every(([name, value]) => has[name] === value) || new Error(JSON.stringify(has));
  });
}

/** The operator as the Deployment says, with the rights of the ServiceAccount that OLM made. */
async function deployed(): Promise<Scene> {
  const { serviceAccountName } = (await deployment()).spec.template.spec;
  return Scene.deployed(bed, { namespace: HOME, name: serviceAccountName }, await environment());
}

async function ready(namespace: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await bed.namespace(namespace, labels);
  await bed.deploy({ namespace, name: 'web', replicas: 2 });
  await bed.waitReady(namespace);
}

const restartsOf = async (scene: Scene, workload: string): Promise<number> =>
  (await scene.restartCounts())[`deployments/${workload}`] ?? 0;

const uidOf = async (kind: Kind): Promise<string> => (await bed.api.get(pathOf(kind, HOME, PACKAGE))).metadata.uid;

test('a Subscription installs the bundle: its CSV succeeds, its Deployment is ready and has the environment', async () => {
  await bed.olm.subscribe({ namespace: HOME, package: PACKAGE, channel: CHANNEL, catalog: CATALOG, env: ENVIRONMENT });
  await bed.olm.waitCsv(HOME, csvName(OLDER));
  assert.equal((await deployment()).status.readyReplicas, 1);
  await arrived(ENVIRONMENT);
  assert.deepEqual(await environment(), {
    ...ENVIRONMENT,
    OPERATOR_CONDITION_NAME: csvName(OLDER),
  });
});

test('a newer bundle in the channel takes its place; account and Deployment stay, and nothing of the older is left', async () => {
  const [account, workload] = [await uidOf('ServiceAccount'), await uidOf('Deployment')];
  await writeCatalog(bed.path('second'), CHANNEL, [bed.path('older'), NEWEST]);
  await bed.olm.serveCatalog(CATALOG, bed.path('second'));
  await bed.olm.waitCsv(HOME, csvName());
  assert.deepEqual([await uidOf('ServiceAccount'), await uidOf('Deployment')], [account, workload]);
  await until('the older CSV to be gone', 60_000, async () => {
    return (await bed.api.find(pathOf('ClusterServiceVersion', HOME, csvName(OLDER)))) === undefined;
  });
  await arrived({ ...ENVIRONMENT, OPERATOR_CONDITION_NAME: csvName() });
});

test('with the rights and the environment that OLM gave it, it brings an upgraded mesh up to date, each workload once', async () => {
  await ready('shop', { 'istio-injection': 'enabled' });
  await ready('plain', {});
  const scene = await deployed();
  try {
    await bed.istio.upgrade('default', '1.31.2');
    await scene.current(['shop'], '1.31.2', 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/shop/web': 1 });
    assert.deepEqual(await scene.outcomes(), { 'deployments/shop/web': 'verified' });
    assert.deepEqual(scene.operator.said('Watch failed, retrying'), []);
    assert.deepEqual(await refused(scene), []);
  } finally {
    await scene.stop();
  }
});

/** Requests that the API server refused it for lack of a right. */
const refused = async (scene: Scene): Promise<string[]> =>
  (await bed.audit.writes(scene.user))
    .filter(({ code }) => code === 403)
    .map(({ verb, resource, namespace }) => `${verb} ${resource} ${namespace}`);

test('a change of the Subscription’s environment arrives in the Deployment and counts', async () => {
  await configure({ ...ENVIRONMENT, MELTEMI_EXCLUDE_NAMESPACES: 'shop' });
  await ready('bank', { 'istio-injection': 'enabled' });
  const scene = await deployed();
  try {
    await bed.istio.upgrade('default', '1.32.2');
    await scene.current(['bank'], '1.32.2', 'default');
    await scene.settled();
    await stays('shop left alone', 5000, async () => (await restartsOf(scene, 'shop/web')) === 1);
  } finally {
    await scene.stop();
    await bed.deleteNamespace('bank');
    await configure(ENVIRONMENT);
  }
});

/** The objects of a sample. */
const sample = (file: string): (ApiObject & { readonly kind: Kind })[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());

test('a revision whose ConfigMaps it may not read: that is said once for each, and its upgrade is still made once', async () => {
  await bed.istio.install({ revision: 'canary', version: '1.32.2' });
  await ready('early', { 'istio.io/rev': 'canary' });
  const scene = await deployed();
  try {
    await bed.istio.upgrade('canary', '1.33.2');
    await scene.current(['early'], '1.33.2', 'canary');
    await scene.settled();
    assert.equal(await restartsOf(scene, 'early/web'), 1);
    const missing = scene.operator.said('Watch failed, retrying').map(({ err }) => String(err));
    assert.equal(missing.length, 2, missing.join('\n'));
    for (const name of ['istio-canary', 'istio-sidecar-injector-canary'])
      assert.equal(missing.filter((text) => text.includes(`"${name}"`)).length, 1, missing.join('\n'));
  } finally {
    await scene.stop();
  }
});

test('with the sample’s Role it reads them: half of an upgrade is seen and held back, and the whole of it made', async () => {
  const role = sample('olm-bundle/samples/istioconfig.yaml');
  for (const object of role) await bed.api.create(pathOf(object.kind, object.metadata.namespace), object);
  const scene = await deployed();
  try {
    await bed.istio.setInjectorVersion('canary', '1.34.2');
    await until('early to wait for the other half', 30_000, () => scene.waiting().get('early') === 'chart-mismatch');
    await bed.istio.setIstiodVersion('canary', '1.34.2');
    await scene.current(['early'], '1.34.2', 'canary');
    await scene.settled();
    assert.equal(await restartsOf(scene, 'early/web'), 2);
    assert.deepEqual(scene.operator.said('Watch failed, retrying'), []);
  } finally {
    await scene.stop();
    await bed.deleteNamespace('early');
    await bed.istio.uninstall('canary');
    for (const { kind, metadata } of role) await bed.api.delete(pathOf(kind, metadata.namespace, metadata.name));
  }
});

test('the samples are taken by the API server', async () => {
  const objects = globSync('olm-bundle/samples/*.yaml').flatMap(sample);
  // OLM v1 is not installed here
  const known = objects.filter(({ kind }) => (kind as string) !== 'ClusterExtension');
  assert.ok(known.length >= 12 && known.length === objects.length - 1);
  for (const { kind, metadata, ...rest } of known) {
    // another name, because some are there already
    const object = { kind, ...rest, metadata: { ...metadata, name: `${metadata.name}-sample` } };
    await bed.api.create(`${pathOf(kind, metadata.namespace)}?dryRun=All&fieldValidation=Strict`, object);
  }
});

test('deleting Subscription and CSV leaves nothing but the annotations of workloads', async () => {
  await bed.api.delete(pathOf('Subscription', HOME, PACKAGE));
  const labelSelector = `operators.coreos.com/${PACKAGE}.${HOME}`;
  const installed = await bed.api.list(pathOf('ClusterServiceVersion', HOME), { labelSelector });
  assert.deepEqual(
    installed.map(({ metadata }) => metadata.name),
    [csvName()],
  );
  await bed.api.delete(pathOf('ClusterServiceVersion', HOME, csvName()));
  await until('nothing else to be left', 120_000, async () => {
    const left = [...(await mentions(bed, PACKAGE))].filter((one) => !mentionedBefore.has(one));
    const others = left.filter((one) => !/^(deployments|replicasets) shop\/web/.test(one));
    return others.length === 0 || new Error(others.join(', '));
  });
});
