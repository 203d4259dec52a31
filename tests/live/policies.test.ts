import assert from 'node:assert/strict';
import { pathOf } from '../testbed/paths.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { planRows } from './commandLine.ts';
import { APP, given, InjectorTable, proxy, type Row, type Table, VERSION } from './oracle/injectorTable.ts';

const INJECT = 'sidecar.istio.io/inject';
const TYPE = 'sidecar.istio.io/proxyImageType';
const IMAGE = 'sidecar.istio.io/proxyImage';
const TEMPLATES = 'inject.istio.io/templates';
const NATIVE = 'sidecar.istio.io/nativeSidecar';
const NOT_NATIVE = { [NATIVE]: 'false' };

let tables: InjectorTable;
let bed: Testbed;

beforeAll(async () => {
  tables = await InjectorTable.up();
  bed = tables.bed;
  await bed.label('kube-system', { 'istio-injection': 'enabled' });
  const enabled = ['untyped', 'typed-default', 'selected', 'typed'];
  await Promise.all(enabled.map((name) => bed.namespace(name, { 'istio-injection': 'enabled' })));
  await tables.proxyConfig('untyped', { image: {} });
  await tables.proxyConfig('typed-default', { image: { imageType: 'default' } });
  await tables.proxyConfig('selected', { image: { imageType: 'debug' }, selector: { matchLabels: { app: 'chosen' } } });
  await tables.proxyConfig('typed', { image: { imageType: 'debug' } });
  // istiod learns of them in their order, so the last one stands for all.
  await tables.becomes({ namespace: 'typed' }, proxy('-debug'));
});

afterAll(() => tables?.down());

const holds = (table: Table): Promise<void> => tables.holds(table);
const becomes = (row: Row, expected: string): Promise<void> => tables.becomes(row, expected);

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

test('policy disabled: only pods that ask for it or are always injected', async () => {
  await tables.configure({
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
  await tables.configure({
    sidecarInjectorWebhook: { neverInjectSelector: selectors, alwaysInjectSelector: selectors },
  });
  await holds({
    'neither selects': [{}, proxy()],
    'both select': [{ labels: { app: 'never' } }, 'none'],
    'the annotation asks': [{ labels: { app: 'never' }, annotations: { [INJECT]: 'true' } }, proxy()],
  });
  await tables.configure({ sidecarInjectorWebhook: { neverInjectSelector: selectors } });
  await holds({ 'never selected': [{ labels: { app: 'never' } }, 'none'] });
});

test('a policy that does not exist injects no pod, not even one that asks for it', async () => {
  await tables.disable({ global: { proxy: { autoInject: 'wrong' } } });
  await tables.configure({});
});

test('image types: annotation before ProxyConfig before variant', async () => {
  await tables.configure({ global: { variant: 'distroless' } });
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
  await tables.configure({ global: { tag: `${VERSION}-distroless` } });
  await holds({
    'as it is': [{}, proxy('-distroless')],
    'by the default': [{ namespace: 'typed-default' }, proxy()],
    'by another': [{ namespace: 'typed' }, proxy('-debug')],
  });
});

test("the mesh's default type; ProxyConfigs and annotations of proxy configuration", async () => {
  await tables.configure({ meshConfig: { defaultConfig: { image: { imageType: 'distroless' } } } });
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
  await tables.configure({});
  await becomes({}, proxy());
  const path = await tables.proxyConfig('istio-system', { image: { imageType: 'distroless' } });
  await becomes({}, proxy('-distroless'));
  await holds({ 'the namespace has its own': [{ namespace: 'typed' }, proxy('-debug')] });
  await bed.api.delete(path);
  await becomes({}, proxy());
});

test('an image given whole, by digest, takes no types', async () => {
  const image = `quay.io/x/proxy@sha256:${'abc0'.repeat(16)}`;
  await tables.configure({ global: { variant: 'distroless', proxy: { image } } });
  await holds({
    'the variant': [{}, given(image)],
    'a ProxyConfig': [{ namespace: 'typed' }, given(image)],
    'the annotation': [{ annotations: { [TYPE]: 'debug' } }, given(image)],
  });
});

test('tags that YAML takes for numbers', async () => {
  for (const tag of [11, 1.12]) {
    await tables.configure({ global: { tag } });
    await holds({ [`the tag ${tag}`]: [{}, given(`docker.io/istio/proxyv2:${tag}`)] });
  }
});

test('one old kubelet makes proxies ordinary containers, unless a pod says otherwise', async () => {
  await tables.configure({});
  await holds({
    'all kubelets are new': [{}, proxy()],
    'the pod says yes': [{ annotations: { [NATIVE]: 'true' } }, proxy()],
    'the pod says no': [{ annotations: NOT_NATIVE }, proxy('', 'container')],
  });
  await addOldNode();
  await becomes({}, proxy('', 'container'));
  await holds({
    'the pod says yes': [{ annotations: { [NATIVE]: 'true' } }, proxy()],
    'the pod says no': [{ annotations: NOT_NATIVE }, proxy('', 'container')],
  });
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
  await tables.configure({ global: { tag: '1.32.0' } });
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
