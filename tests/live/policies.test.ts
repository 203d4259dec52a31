import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Labels } from '../../src/model.ts';
import { workload } from '../builders/workload.ts';
import type { Values } from '../testbed/helm.ts';
import { merge } from '../testbed/merge.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { planRows } from './commandLine.ts';
import { Meltemi, served, worded } from './oracle/meltemi.ts';

const VERSION = '1.31.0';
const PROXY = `docker.io/istio/proxyv2:${VERSION}`;
const DEADLINE = 30_000;
const INJECT = 'sidecar.istio.io/inject';
const TYPE = 'sidecar.istio.io/proxyImageType';
const IMAGE = 'sidecar.istio.io/proxyImage';
const TEMPLATES = 'inject.istio.io/templates';
const GENERATION = 'policies.example/generation';
const NOT_NATIVE = { 'sidecar.istio.io/nativeSidecar': 'false' };
const APP = { name: 'app', image: 'example/app:1' };

let bed: Testbed;
let meltemi: Meltemi;
let generation = 0;

before(async () => {
  bed = await Testbed.up();
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: VERSION });
  meltemi = new Meltemi(bed);
  await bed.label('kube-system', { 'istio-injection': 'enabled' });
  await bed.namespace('plain', {});
  const enabled = ['shop', 'untyped', 'typed-default', 'selected', 'typed'];
  await Promise.all(enabled.map((name) => bed.namespace(name, { 'istio-injection': 'enabled' })));
  await proxyConfig('untyped', { image: {} });
  await proxyConfig('typed-default', { image: { imageType: 'default' } });
  await proxyConfig('selected', { image: { imageType: 'debug' }, selector: { matchLabels: { app: 'chosen' } } });
  await proxyConfig('typed', { image: { imageType: 'debug' } });
  // istiod learns of them in their order, so the last one stands for all.
  await becomes({ namespace: 'typed' }, proxy('-debug'));
});

after(async () => {
  await meltemi?.close();
  await bed?.down();
});

/** A pod template, in a namespace that is labelled for injection unless said otherwise. */
interface Row {
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A row and what istiod must say of it, through Meltemi. */
type Table = Readonly<Record<string, readonly [Row, string]>>;

const proxy = (type = '', placement = 'initContainer'): string => `${placement} ${PROXY}${type} default`;
const given = (image: string): string => `initContainer ${image} default`;

async function answerTo({ namespace = 'shop', labels = {}, annotations = {}, spec = {} }: Row): Promise<string> {
  const raw = { labels: { app: 'web', ...labels }, annotations, spec: { containers: [APP], ...spec } };
  const template = await served(bed, 'plain', raw);
  const { match, answer } = await meltemi.expect(await meltemi.mesh(), workload({ namespace, template }));
  return match.kind === 'entry' ? worded(answer) : `no entry: ${match.kind}`;
}

const becomes = (row: Row, expected: string): Promise<unknown> =>
  until(`istiod to answer ${expected}`, DEADLINE, async () => {
    const answer = await answerTo(row);
    return answer === expected || new Error(answer);
  });

async function holds(table: Table): Promise<void> {
  const found = Object.entries(table).map(async ([what, [row]]) => [what, await answerTo(row)]);
  const expected = Object.entries(table).map(([what, [, answer]]) => [what, answer]);
  assert.deepEqual(Object.fromEntries(await Promise.all(found)), Object.fromEntries(expected));
}

/** All that the tests change, as it was: the testbed keeps changed values from one configuration to the next. */
const USUAL: Values = {
  global: { tag: VERSION, variant: '', proxy: { image: 'proxyv2', autoInject: 'enabled' } },
  meshConfig: { defaultConfig: { image: { imageType: '' } } },
  sidecarInjectorWebhook: { neverInjectSelector: [], alwaysInjectSelector: [] },
};

/** Configures the injector and waits until istiod has it: each configuration stamps its number on the pods that it injects. */
async function configure(values: Values): Promise<void> {
  const stamp = String(++generation);
  const stamped = { sidecarInjectorWebhook: { injectedAnnotations: { [GENERATION]: stamp } } };
  await bed.istio.setInjectorVersion('default', VERSION, merge(merge(USUAL, values), stamped));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'stamp-', labels: { app: 'stamp', [INJECT]: 'true' } },
    spec: { containers: [APP] },
  };
  await until(`istiod to have configuration ${stamp}`, DEADLINE, async () => {
    const { metadata } = await bed.api.create(`${pathOf('Pod', 'shop')}?dryRun=All`, pod);
    return metadata.annotations?.[GENERATION] === stamp;
  });
}

async function proxyConfig(namespace: string, spec: object, name = 'types'): Promise<string> {
  const apiVersion = 'networking.istio.io/v1beta1';
  const path = `/apis/${apiVersion}/namespaces/${namespace}/proxyconfigs`;
  await bed.api.create(path, { apiVersion, kind: 'ProxyConfig', metadata: { name }, spec });
  return `${path}/${name}`;
}

test('pods say for themselves whether they are injected; hostNetwork and system namespaces never are', () =>
  holds({
    'the annotation says no': [{ annotations: { [INJECT]: 'false' } }, 'none'],
    'the label beats the annotation': [{ labels: { [INJECT]: 'true' }, annotations: { [INJECT]: 'false' } }, proxy()],
    'a label that is neither true nor false leaves it to the policy': [{ labels: { [INJECT]: 'random' } }, proxy()],
    'so does such an annotation': [{ annotations: { [INJECT]: 'yes' } }, proxy()],
    'host network': [{ spec: { hostNetwork: true } }, 'none'],
    'kube-system, though labelled': [{ namespace: 'kube-system' }, 'none'],
  }));

test('templates: an unknown one and a bad annotation are refused, gRPC without a proxy expects none', () =>
  holds({
    'unknown template': [{ annotations: { [TEMPLATES]: 'nope' } }, 'injector-refused'],
    'bad quantity': [{ annotations: { 'sidecar.istio.io/proxyCPU': 'x' } }, 'injector-refused'],
    'grpc-simple has no proxy': [{ annotations: { [TEMPLATES]: 'grpc-simple' } }, 'none'],
    'a gateway is an ordinary container': [
      { annotations: { [TEMPLATES]: 'gateway' }, spec: { containers: [{ name: 'istio-proxy', image: 'auto' }] } },
      proxy('', 'container'),
    ],
  }));

test('images named by the pod', () =>
  holds({
    'proxyImage with a slash': [{ annotations: { [IMAGE]: 'my/px:1' } }, given('my/px:1')],
    'proxyImage without a slash is ignored': [{ annotations: { [IMAGE]: 'proxy_debug' } }, proxy()],
    'image type': [{ annotations: { [TYPE]: 'debug' } }, proxy('-debug')],
    'a container istio-proxy with an image of its own': [
      { spec: { containers: [APP, { name: 'istio-proxy', image: 'my/own:1' }] }, annotations: NOT_NATIVE },
      'container my/own:1 default',
    ],
    'the same where sidecars are native': [
      { spec: { containers: [APP, { name: 'istio-proxy', image: 'my/own:1' }] } },
      given('my/own:1'),
    ],
  }));

test('policy disabled: only who asks or is always injected', async () => {
  await configure({
    global: { proxy: { autoInject: 'disabled' } },
    sidecarInjectorWebhook: { alwaysInjectSelector: [{ matchLabels: { app: 'always' } }] },
  });
  await holds({
    'no marks': [{}, 'none'],
    'the label asks': [{ labels: { [INJECT]: 'true' } }, proxy()],
    'the annotation asks': [{ annotations: { [INJECT]: 'true' } }, proxy()],
    'always selected': [{ labels: { app: 'always' } }, proxy()],
  });
});

test('selectors: never beats always, and what the pod says beats both', async () => {
  const selectors = [{ matchLabels: { app: 'never' } }];
  await configure({
    sidecarInjectorWebhook: { neverInjectSelector: selectors, alwaysInjectSelector: selectors },
  });
  await holds({
    'neither selects': [{}, proxy()],
    'both select': [{ labels: { app: 'never' } }, 'none'],
    'the annotation asks': [{ labels: { app: 'never' }, annotations: { [INJECT]: 'true' } }, proxy()],
  });
  await configure({ sidecarInjectorWebhook: { neverInjectSelector: selectors } });
  await holds({ 'never selected': [{ labels: { app: 'never' } }, 'none'] });
});

test('a policy that does not exist injects nobody, not even who asks', async () => {
  await bed.istio.setInjectorVersion('default', VERSION, merge(USUAL, { global: { proxy: { autoInject: 'wrong' } } }));
  await becomes({ labels: { [INJECT]: 'true' } }, 'none');
  await configure({});
});

test('image types: annotation before ProxyConfig before variant', async () => {
  await configure({ global: { variant: 'distroless' } });
  await becomes({}, proxy('-distroless'));
  await holds({
    variant: [{}, proxy('-distroless')],
    'a ProxyConfig of the namespace': [{ namespace: 'typed' }, proxy('-debug')],
    'the annotation names the default': [{ namespace: 'typed', annotations: { [TYPE]: 'default' } }, proxy()],
    'an empty annotation is no type': [{ annotations: { [TYPE]: '' } }, proxy()],
    'a ProxyConfig with an empty type leaves the variant': [{ namespace: 'untyped' }, proxy('-distroless')],
    'a ProxyConfig of the default type': [{ namespace: 'typed-default' }, proxy()],
  });
});

test("a tag's own type is replaced", async () => {
  await configure({ global: { tag: `${VERSION}-distroless` } });
  await holds({
    'as it is': [{}, proxy('-distroless')],
    'by the default': [{ namespace: 'typed-default' }, proxy()],
    'by another': [{ namespace: 'typed' }, proxy('-debug')],
  });
});

test("the mesh's default type; ProxyConfigs and annotations of proxy configuration", async () => {
  await configure({ meshConfig: { defaultConfig: { image: { imageType: 'distroless' } } } });
  await becomes({}, proxy('-distroless'));
  const annotations = { 'proxy.istio.io/config': 'image: {imageType: distroless}' };
  await holds({
    'the annotation of another type': [
      { annotations: { 'proxy.istio.io/config': 'image: {imageType: x}' } },
      proxy('-x'),
    ],
    'a ProxyConfig that selects the pod beats the annotation': [
      { namespace: 'selected', labels: { app: 'chosen' }, annotations },
      proxy('-debug'),
    ],
    'one that does not select it': [{ namespace: 'selected' }, proxy('-distroless')],
    'the annotation beats a ProxyConfig without selector': [{ namespace: 'typed', annotations }, proxy('-distroless')],
  });
});

test('a ProxyConfig in the root namespace holds for all, below those of namespaces', async () => {
  await configure({});
  await becomes({}, proxy());
  const path = await proxyConfig('istio-system', { image: { imageType: 'distroless' } });
  await becomes({}, proxy('-distroless'));
  await holds({ 'the namespace has its own': [{ namespace: 'typed' }, proxy('-debug')] });
  await bed.api.delete(path);
  await becomes({}, proxy());
});

test('an image given whole, by digest, takes no types', async () => {
  const image = `quay.io/x/proxy@sha256:${'abc0'.repeat(16)}`;
  await configure({ global: { variant: 'distroless', proxy: { image } } });
  await holds({
    'the variant': [{}, given(image)],
    'a ProxyConfig': [{ namespace: 'typed' }, given(image)],
    'the annotation': [{ annotations: { [TYPE]: 'debug' } }, given(image)],
  });
});

test('tags that YAML takes for numbers', async () => {
  for (const tag of [11, 1.12]) {
    await configure({ global: { tag } });
    await holds({ [`the tag ${tag}`]: [{}, given(`docker.io/istio/proxyv2:${tag}`)] });
  }
});

test('one old kubelet makes proxies ordinary containers, unless a pod says otherwise', async () => {
  await configure({});
  await holds({
    'all kubelets are new': [{}, proxy()],
    'the pod says no': [{ annotations: NOT_NATIVE }, proxy('', 'container')],
  });
  await addOldNode();
  await becomes({}, proxy('', 'container'));
  await holds({ 'the pod says yes': [{ annotations: { 'sidecar.istio.io/nativeSidecar': 'true' } }, proxy()] });
  await bed.api.delete(pathOf('Node', '', 'old'));
  await becomes({}, proxy());
});

async function addOldNode(): Promise<void> {
  const node = await bed.api.get<{ status: { nodeInfo: object } }>(pathOf('Node', '', 'node-0'));
  const nodeInfo = { ...node.status.nodeInfo, kubeletVersion: 'v1.32.0' };
  const spec = { unschedulable: true };
  await bed.api.create(pathOf('Node'), { metadata: { name: 'old' }, spec, status: { nodeInfo } });
}

/** Workloads with a container `istio-proxy` that no injection made, or that none would renew. */
const BAKED = 'docker.io/istio/proxyv2:1.29.0';
const containers = (image: string) => ({ template: { spec: { containers: [{ name: 'istio-proxy', image }] } } });
const NEVER = { [INJECT]: 'false' };

test('what only looks like a sidecar is never outdated', async () => {
  await bed.deploy({ namespace: 'shop', name: 'web' });
  await bed.deploy({
    kind: 'DaemonSet',
    namespace: 'plain',
    name: 'ztunnel',
    labels: NEVER,
    spec: containers('istio/ztunnel:1'),
  });
  await bed.deploy({
    namespace: 'shop',
    name: 'waypoint',
    labels: { ...NEVER, 'gateway.istio.io/managed': 'istio.io-mesh-controller' },
    annotations: { 'istio.io/rev': 'default' },
    spec: containers(BAKED),
  });
  await bed.deploy({
    namespace: 'plain',
    name: 'kube-injected',
    annotations: { 'istio.io/rev': 'default', 'sidecar.istio.io/status': '{"containers":["istio-proxy"]}' },
    spec: containers(BAKED),
  });
  await bed.deploy({ namespace: 'plain', name: 'own', spec: containers('my/own:1') });
  await bed.deploy({ namespace: 'shop', name: 'own', annotations: NOT_NATIVE, spec: containers('my/own:1') });
  await Promise.all(['shop', 'plain'].map((namespace) => bed.waitReady(namespace)));
  await configure({ global: { tag: '1.32.0' } });
  assert.deepEqual(await verdicts(), {
    'plain/kube-injected': 'skipped',
    'plain/own': 'skipped',
    'plain/ztunnel': 'skipped',
    'shop/own': 'current',
    'shop/waypoint': 'skipped',
    'shop/web': 'outdated',
  });
});

/** What `plan` says of the workloads that were deployed here. */
async function verdicts(): Promise<Record<string, string>> {
  const ours = (await planRows(bed.kubeconfig)).filter(({ namespace }) => ['shop', 'plain'].includes(namespace));
  const said = ours.map(({ namespace, name, verdict }) => [`${namespace}/${name}`, verdict]);
  return Object.fromEntries(said.sort(([a = ''], [b = '']) => a.localeCompare(b)));
}
