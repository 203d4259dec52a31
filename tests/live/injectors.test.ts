import assert from 'node:assert/strict';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { planRows } from './commandLine.ts';
import { FakeInjector } from './fakeInjector.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';

/** Who injects is told by what the API server does, and what it injects by its answers: not by labels, names or numbers. */
let bed: Testbed;
const fakes: FakeInjector[] = [];

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  await bed.istio.install({ revision: 'canary', version: '1.31.2', tags: [] });
});

afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.stop();
});
clearBetweenTests(() => bed);
afterAll(() => bed?.down());

async function fake(
  ...args: Parameters<typeof FakeInjector.start> extends [Testbed, ...infer R] ? R : never
): Promise<FakeInjector> {
  const made = await FakeInjector.start(bed, ...args);
  fakes.push(made);
  await made.install();
  return made;
}

interface Configuration extends ApiObject {
  readonly webhooks: readonly { readonly name: string; readonly clientConfig: object }[];
}

const configuration = (name: string): string => pathOf('MutatingWebhookConfiguration', '', name);

/** Waits until new pods of a namespace would come with this proxy: the API server reads webhook configurations in the background. */
async function injects(namespace: string, image: string): Promise<void> {
  const spec = { containers: [{ name: 'a', image: 'a' }] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', labels: { app: 'probe' } }, spec };
  await until(`new pods of ${namespace} to get ${image}`, 30_000, async () => {
    const made = await bed.api.create(`${pathOf('Pod', namespace)}?dryRun=All`, pod);
    return JSON.stringify(made).includes(image) || new Error(JSON.stringify(made).slice(0, 2000));
  });
}

test('a webhook with labels and names of its own injects as any other: its workloads are assessed and restarted', async () => {
  const [first, second] = [
    await fake('1.0.1', { name: 'object', labels: { heritage: 'platform', module: 'istio' } }),
    await fake('1.0.1', { name: 'bare', labels: {} }),
  ];
  for (const namespace of ['object', 'bare']) await bed.deploy({ namespace, name: 'web', replicas: 2 });
  await Promise.all(['object', 'bare'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'unlabelled');
  try {
    await scene.decided('object', 'current', '');
    for (const injector of [first, second]) injector.versions = ['1.0.2'];
    for (const injector of [first, second]) await injector.move('/v2');
    await scene.current(['object', 'bare'], '1.0.2', 'remote', 120);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/object/web': 1, 'deployments/bare/web': 1 });
  } finally {
    await scene.stop();
  }
});

test('a tag that is moved by its clientConfig alone, and back; and a label that is moved alone', async () => {
  await bed.istio.setTag('prod', 'default');
  await bed.istio.setTag('named', 'default');
  const tags = ['prod', 'named'];
  for (const tag of tags) {
    await bed.namespace(tag, { 'istio.io/rev': tag });
    await bed.deploy({ namespace: tag, name: 'web', replicas: 2 });
  }
  await Promise.all(tags.map((tag) => bed.waitReady(tag)));
  const scene = await Scene.start(bed, 'moved', '--reconcile-period', '3s');
  try {
    await bed.api.patch(configuration('istio-revision-tag-named'), {
      metadata: { labels: { 'istio.io/rev': 'canary' } },
    });
    await redirect('prod', 'canary');
    await injects('prod', 'proxyv2:1.31.2');
    await scene.current(['prod'], '1.31.2', 'canary', 120);
    await redirect('prod', 'default');
    await injects('prod', 'proxyv2:1.30.2');
    await scene.current(['prod'], '1.30.2', 'default', 120);
    await scene.settled();
    await stays('nothing more', 8_000, async () => (await scene.restarts()).length === 2);
    assert.deepEqual(await scene.restartCounts(), { 'deployments/prod/web': 2 });
  } finally {
    await scene.stop();
    for (const tag of tags) await bed.istio.removeTag(tag);
  }
});

/** Sends the pods of a tag to another istiod, and leaves the labels of its configuration as they are. */
async function redirect(tag: string, revision: string): Promise<void> {
  const path = configuration(`istio-revision-tag-${tag}`);
  const { webhooks } = await bed.api.get<Configuration>(path);
  const own = revision === 'default' ? 'istio-sidecar-injector' : `istio-sidecar-injector-${revision}`;
  const { clientConfig } = (await bed.api.get<Configuration>(configuration(own))).webhooks[0] ?? {};
  await bed.api.patch(path, { webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig })) });
}

test('a control plane outside the cluster gives other answers: noticed without any object that changes', async () => {
  const names = ['changed', 'declining', 'torn'] as const;
  const [changed, declining, torn] = [
    await fake('1.0.1', { name: names[0] }),
    await fake('1.0.1', { name: names[1] }),
    await fake('1.0.1', { name: names[2] }),
  ];
  for (const namespace of names) {
    await bed.deploy({ namespace, name: 'web', replicas: 2 });
    await bed.deploy({ namespace, name: 'other' });
  }
  await Promise.all(names.map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'outside');
  try {
    for (const namespace of names) await scene.decided(namespace, 'current', '');
    changed.versions = ['1.0.2'];
    declining.versions = [''];
    torn.versions = ['1.0.2', '1.0.1'];
    await scene.current(['changed'], '1.0.2', 'remote', 200);
    await until('it to be seen that one declines', 100_000, async () => {
      const rows = (await planRows(bed.kubeconfig, '-n', 'declining')).map(({ reason }) => reason);
      return rows.every((reason) => reason === 'orphaned') || new Error(rows.join(' '));
    });
    const elsewhere = async (): Promise<number> =>
      (await scene.restarts()).filter(({ namespace }) => namespace !== 'changed').length;
    await stays('nothing of the others', 20_000, async () => (await elsewhere()) === 0);
    assert.deepEqual(await scene.restartCounts(), { 'deployments/changed/web': 1, 'deployments/changed/other': 1 });
    torn.versions = ['1.0.2'];
    await scene.current(['torn'], '1.0.2', 'remote', 200);
    assert.deepEqual((await scene.restartCounts())['deployments/torn/web'], 1);
  } finally {
    await scene.stop();
  }
});

test('a proxy image that is numbered otherwise than istiod is not taken for a newer one', async () => {
  await bed.namespace('numbered', { 'istio-injection': 'enabled' });
  await bed.deploy({ namespace: 'numbered', name: 'web' });
  await bed.waitReady('numbered');
  const scene = await Scene.start(bed, 'numbered');
  const image = 'registry.example/mesh/proxy:2026.11.2';
  try {
    await bed.istio.upgrade('default', '1.30.3', { global: { proxy: { image } } });
    await scene.current(['numbered'], '2026.11.2', 'default', 60);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/numbered/web': 1 });
  } finally {
    await scene.stop();
    await bed.istio.upgrade('default', '1.30.3', { global: { proxy: { image: 'proxyv2' } } });
  }
});

test('an entry with matchConditions: what it is called for is assessed, what it is not called for has no injector', async () => {
  const matchConditions = [
    { name: 'not-system', expression: 'request.namespace != "kube-system"' },
    { name: 'not-plain', expression: '!(has(object.metadata.labels) && "plain" in object.metadata.labels)' },
  ];
  const conditional = await fake('1.0.1', { name: 'conditional', matchConditions });
  await bed.deploy({ namespace: 'conditional', name: 'web', replicas: 2 });
  await bed.deploy({ namespace: 'conditional', name: 'plain', labels: { plain: 'yes' } });
  await bed.waitReady('conditional');
  const scene = await Scene.start(bed, 'conditional');
  try {
    conditional.versions = ['1.0.2'];
    await conditional.move('/v2');
    await until('it to be restarted', 90_000, async () => (await scene.restarts()).length > 0);
    await scene.settled();
    await stays('one restart', 8_000, async () => (await scene.restarts()).length === 1);
    assert.deepEqual(await scene.restartCounts(), { 'deployments/conditional/web': 1 });
    const images = (await bed.sidecars('conditional')).map(({ owner, image }) => `${owner} ${image}`);
    assert.deepEqual([...new Set(images)].sort(), [
      'Deployment/plain ',
      'Deployment/web docker.io/istio/proxyv2:1.0.2',
    ]);
  } finally {
    await scene.stop();
  }
});

/** Only root may listen on port 443, where stock webhooks send the API server. */
const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

testAsRoot('a tag that is moved to the Service of another istiod: that one stands behind it', async () => {
  const stock = await Testbed.up({ rootless: false });
  try {
    await stock.istio.install({ revision: 'default', version: '1.30.2', tags: ['prod'] });
    await stock.istio.install({ revision: 'canary', version: '1.31.2' });
    await stock.namespace('shop', { 'istio.io/rev': 'prod' });
    await stock.deploy({ namespace: 'shop', name: 'web', replicas: 2 });
    await stock.waitReady('shop');
    const scene = await Scene.start(stock, 'service-moved');
    try {
      const path = configuration('istio-revision-tag-prod');
      const { webhooks } = await stock.api.get<Configuration>(path);
      const own = await stock.api.get<Configuration>(configuration('istio-sidecar-injector-canary'));
      const { clientConfig } = own.webhooks[0] ?? {};
      await stock.api.patch(path, { webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig })) });
      await scene.current(['shop'], '1.31.2', 'canary', 90);
      await scene.settled();
      assert.deepEqual(await scene.restartCounts(), { 'deployments/shop/web': 1 });
    } finally {
      await scene.stop();
    }
  } finally {
    await stock.down();
  }
});
