import type { LabelSelector } from '../../src/model.ts';
import { pathOf } from '../testbed/paths.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { APP, given, InjectorTable, proxy, type Row, type Table } from './oracle/injectorTable.ts';

/**
 * Tables that Istio keeps of its injector's decisions, with their facts put to a real istiod (istio pkg/kube/inject: webhook_test.go
 * TestInjectRequired and TestParseInjectEnvs, inject_test.go TestProxyImage, TestInjection and TestMultipleInjectionTemplates;
 * pilot/pkg/model/proxy_config_test.go TestEffectiveProxyConfig).
 */

const INJECT = 'sidecar.istio.io/inject';
const TYPE = 'sidecar.istio.io/proxyImageType';
const TEMPLATES = 'inject.istio.io/templates';
const EVERY = { 'istio-injection': 'disabled', 'tables.example/every': 'yes' };
const PATH = 'tables.example/path';
const CONFIGURATIONS = pathOf('MutatingWebhookConfiguration');

let tables: InjectorTable;
let bed: Testbed;

beforeAll(async () => {
  tables = await InjectorTable.up();
  bed = tables.bed;
  const types = ['default', 'distroless', 'debug'];
  const configured = ['both', 'crowded', 'elsewhere', ...types.map((type) => `typed-${type}`)];
  await Promise.all(configured.map((name) => bed.namespace(name, { 'istio-injection': 'enabled' })));
  await bed.namespace('every', EVERY);
  await handMade('every', [{ name: 'every', url: bed.istio.address('default').url }]);
  for (const type of types) await tables.proxyConfig(`typed-${type}`, { image: { imageType: type } });
  // istiod learns of them in their order, so the last one stands for all.
  await tables.becomes({ namespace: 'typed-debug' }, proxy('-debug'));
});

afterAll(() => tables?.down());

/**
 * A configuration that has istiod asked of every pod in namespace `every`, whatever its labels, or of those that are labelled with a path's
 * number.
 */
async function handMade(name: string, entries: readonly { name: string; url: string; selector?: LabelSelector }[]) {
  await bed.api.create(CONFIGURATIONS, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name, labels: { 'istio.io/rev': 'default' } },
    webhooks: entries.map(({ name, url, selector = { matchExpressions: [absent(PATH)] } }) => ({
      name: `${name}.sidecar-injector.istio.io`,
      clientConfig: { url },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
      namespaceSelector: { matchLabels: EVERY },
      objectSelector: selector,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
    })),
  });
}

const absent = (key: string) => ({ key, operator: 'DoesNotExist' });
const has = (key: string): LabelSelector => ({ matchExpressions: [{ key, operator: 'Exists' }] });
const is = (key: string, value: string): LabelSelector => ({ matchLabels: { [key]: value } });
const annotated = (value: string): Row => ({ annotations: { [INJECT]: value } });
const labelled = (labels: Row['labels'], annotations: Row['annotations'] = {}): Row => ({
  labels: labels ?? {},
  annotations,
});

interface Group {
  readonly name: string;
  readonly policy: 'enabled' | 'disabled';
  readonly always?: readonly LabelSelector[];
  readonly never?: readonly LabelSelector[];
  readonly rows: Readonly<Record<string, readonly [Row, injected: boolean]>>;
}

// TestInjectRequired; two pairs of its rows differ in empty against absent annotations alone, which the API does not tell apart
const groups: readonly Group[] = [
  {
    name: 'the policy is enabled',
    policy: 'enabled',
    rows: {
      'no marks': [{}, true],
      'the annotation says true': [annotated('true'), true],
      'the annotation says false': [annotated('false'), false],
      'the annotation says yes, which is nothing': [annotated('yes'), true],
      'the label says what is nothing': [labelled({ [INJECT]: 'random' }), true],
      'host network': [{ spec: { hostNetwork: true } }, false],
    },
  },
  {
    name: 'the policy is disabled',
    policy: 'disabled',
    rows: {
      'no marks': [{}, false],
      'the annotation says true': [annotated('true'), true],
      'the annotation says false': [annotated('false'), false],
      'the annotation says on, which is nothing': [annotated('on'), false],
      'the label says true': [labelled({ [INJECT]: 'true' }), true],
      'label and annotation say true': [labelled({ [INJECT]: 'true' }, { [INJECT]: 'true' }), true],
      'the label says true, the annotation false': [labelled({ [INJECT]: 'true' }, { [INJECT]: 'false' }), true],
      'the label says false, the annotation true': [labelled({ [INJECT]: 'false' }, { [INJECT]: 'true' }), false],
    },
  },
  {
    name: 'the policy is enabled and a label is always injected',
    policy: 'enabled',
    always: [is('foo', 'bar')],
    rows: { 'no labels': [{}, true], 'another value': [labelled({ foo: 'bar1' }), true] },
  },
  {
    name: 'the policy is disabled and a label is always injected',
    policy: 'disabled',
    always: [is('foo', 'bar')],
    rows: { 'no labels': [{}, false], 'that label': [labelled({ foo: 'bar' }), true] },
  },
  {
    name: 'the policy is enabled and a label is never injected',
    policy: 'enabled',
    never: [is('foo', 'bar')],
    rows: { 'no labels': [{}, true], 'that label': [labelled({ foo: 'bar' }), false] },
  },
  {
    name: 'the policy is disabled and a label is never injected',
    policy: 'disabled',
    never: [is('foo', 'bar')],
    rows: { 'no labels': [{}, false], 'that label': [labelled({ foo: 'bar' }), false] },
  },
  {
    name: 'the policy is enabled and a key is never injected',
    policy: 'enabled',
    never: [has('foo')],
    rows: {
      'that key, empty': [labelled({ foo: '', foo2: 'bar2' }), false],
      'that key, but the annotation says true': [labelled({ foo: '', foo2: 'bar2' }, { [INJECT]: 'true' }), true],
    },
  },
  {
    name: 'the policy is enabled and a key is always injected',
    policy: 'enabled',
    always: [has('foo')],
    rows: {
      'that key, but the annotation says false': [labelled({ foo: '', foo2: 'bar2' }, { [INJECT]: 'false' }), false],
    },
  },
  {
    name: 'the policy is disabled and a key is always injected',
    policy: 'disabled',
    always: [has('foo')],
    rows: {
      'that key, empty': [labelled({ foo: '', foo2: 'bar2' }), true],
      'that key, but the annotation says false': [labelled({ foo: '', foo2: 'bar2' }, { [INJECT]: 'false' }), false],
    },
  },
  {
    name: 'the policy is disabled and a key is never injected',
    policy: 'disabled',
    never: [has('foo')],
    rows: {
      'that key, but the annotation says true': [labelled({ foo: '', foo2: 'bar2' }, { [INJECT]: 'true' }), true],
    },
  },
  {
    name: 'the policy is disabled, one key is always injected and one never',
    policy: 'disabled',
    always: [has('always')],
    never: [has('never')],
    rows: {
      'the first': [labelled({ always: 'bar', foo2: 'bar2' }), true],
      'the second': [labelled({ never: 'bar', foo2: 'bar2' }), false],
      both: [labelled({ always: 'bar', never: 'bar2' }), false],
    },
  },
  {
    name: 'the policy is enabled and two keys are never injected',
    policy: 'enabled',
    never: [has('foo'), has('bar')],
    rows: { 'the second of them': [labelled({ label1: '', bar: 'anything' }), false] },
  },
  {
    name: 'the policy is disabled and two keys are always injected',
    policy: 'disabled',
    always: [has('foo'), has('bar')],
    rows: { 'the second of them': [labelled({ label1: '', bar: 'anything' }), true] },
  },
];

for (const { name, policy, always = [], never = [], rows } of groups) {
  test(`which pods are injected where ${name}`, async () => {
    await tables.configure({
      global: { proxy: { autoInject: policy } },
      sidecarInjectorWebhook: { alwaysInjectSelector: always, neverInjectSelector: never },
    });
    const table = Object.entries(rows).map(([what, [row, injected]]) => [
      what,
      [{ namespace: 'every', ...row }, injected ? proxy() : 'none'],
    ]);
    await tables.holds(Object.fromEntries(table) as Table);
  });
}

test('which pods are injected where the policy is invalid', async () => {
  await tables.disable({ global: { proxy: { autoInject: 'wrong_policy' } } });
  await tables.holds({ 'no marks': [{ namespace: 'every' }, 'none'] });
});

const ISTIO = 'registry.istio.io/release';
const VENDOR = 'gcr.io/gke-release/asm';
const PRIVATE = 'private-repo/istio';
const UNUSUAL = '1.12-this-is-unusual-tag';
const typed = (type: string): Row => ({ annotations: { [TYPE]: type } });
const configured = (type: string, annotation?: string): Row => ({
  namespace: `typed-${type}`,
  ...(annotation && typed(annotation)),
});

// TestProxyImage
const images: readonly [hub: string, tag: string | number, Readonly<Record<string, readonly [Row, tag: string]>>][] = [
  [ISTIO, 11, { 'nothing else': [{}, '11'] }],
  [ISTIO, 1.12, { 'a ProxyConfig’s type': [configured('distroless'), '1.12-distroless'] }],
  [
    VENDOR,
    '1.11.2-asm.17',
    {
      'the annotation’s type': [typed('distroless'), '1.11.2-asm.17-distroless'],
      'the annotation’s before the ProxyConfig’s': [configured('distroless', 'debug'), '1.11.2-asm.17-debug'],
      'the annotation’s default before the ProxyConfig’s': [configured('debug', 'default'), '1.11.2-asm.17'],
    },
  ],
  [
    VENDOR,
    '1.11.2-asm.17-distroless',
    {
      'a ProxyConfig’s default': [configured('default'), '1.11.2-asm.17'],
      'the annotation’s default': [typed('default'), '1.11.2-asm.17'],
    },
  ],
  [ISTIO, '1.12-debug', { 'a ProxyConfig’s other type': [configured('distroless'), '1.12-distroless'] }],
  [ISTIO, '1.12-distroless', { 'the annotation’s same type': [typed('distroless'), '1.12-distroless'] }],
  [PRIVATE, UNUSUAL, { 'nothing else': [{}, UNUSUAL], 'a type': [typed('distroless'), `${UNUSUAL}-distroless`] }],
  [PRIVATE, `${UNUSUAL}-distroless`, { 'a ProxyConfig’s default': [configured('default'), UNUSUAL] }],
];

for (const [hub, tag, rows] of images) {
  test(`which image, of ${hub} at ${tag}`, async () => {
    await tables.configure({ global: { hub, tag } });
    const table = Object.entries(rows).map(([what, [row, image]]) => [what, [row, given(`${hub}/proxyv2:${image}`)]]);
    await tables.holds(Object.fromEntries(table) as Table);
  });
}

// TestEffectiveProxyConfig, by what shows in the image
test('which ProxyConfig holds', async () => {
  await tables.configure({ meshConfig: { defaultConfig: { image: { imageType: 'mesh' } } } });
  const chosen = { selector: { matchLabels: { app: 'chosen' } } };
  await tables.proxyConfig('both', { image: { imageType: 'namespace' } }, 'namespace');
  await tables.proxyConfig('both', { image: { imageType: 'workload' }, ...chosen }, 'workload');
  await tables.proxyConfig('elsewhere', { image: { imageType: 'elsewhere' } });
  await tables.proxyConfig('elsewhere', { image: { imageType: 'elsewhere' }, ...chosen }, 'workload');
  await older({ image: { imageType: 'old' } }, { image: { imageType: 'young' } });
  await older({ image: { imageType: 'old-chosen' }, ...chosen }, { image: { imageType: 'young-chosen' }, ...chosen });
  await tables.becomes({ namespace: 'crowded', labels: { app: 'chosen' } }, proxy('-old-chosen'));
  await tables.holds({
    'none: the mesh’s': [{}, proxy('-mesh')],
    'one that selects the pod beats that of its namespace': [
      { namespace: 'both', labels: { app: 'chosen' } },
      proxy('-workload'),
    ],
    'that of the namespace where the other does not select': [{ namespace: 'both' }, proxy('-namespace')],
    'of several for the namespace the oldest': [{ namespace: 'crowded' }, proxy('-old')],
  });
  const root = await tables.proxyConfig('istio-system', { image: { imageType: 'root' } });
  await tables.becomes({}, proxy('-root'));
  await tables.holds({
    'the root’s beats the mesh’s, and others’ are nothing to a pod': [{ labels: { app: 'chosen' } }, proxy('-root')],
    'a namespace’s beats the root’s': [{ namespace: 'both' }, proxy('-namespace')],
  });
  await bed.api.delete(root);
  await tables.becomes({}, proxy('-mesh'));
});

/** Makes two ProxyConfigs in namespace `crowded`; ages count in seconds, and names the other way round. */
async function older(first: { image: { imageType: string } }, second: { image: { imageType: string } }): Promise<void> {
  const old = await bed.api.get(await tables.proxyConfig('crowded', first, `b-${first.image.imageType}`));
  await until('a second to pass', 5000, async () => {
    const path = await tables.proxyConfig('crowded', second, `a-${second.image.imageType}`);
    const young = await bed.api.get(path);
    if (young.metadata.creationTimestamp > old.metadata.creationTimestamp) return true;
    await bed.api.delete(path);
    return undefined;
  });
}

// TestMultipleInjectionTemplates, and TestInjection with a template of one's own
test('templates of one’s own, several of them and by an alias', async () => {
  const init = 'spec:\n  initContainers:\n  - name: istio-init\n    image: example/init:1\n';
  await tables.configure({ sidecarInjectorWebhook: { templates: { init } } });
  const alias: Row = { annotations: { [TEMPLATES]: 'both' } };
  await tables.holds({
    both: [{ annotations: { [TEMPLATES]: 'sidecar,init' } }, proxy()],
    'one without a proxy': [{ annotations: { [TEMPLATES]: 'init' } }, 'none'],
    'an alias that is not defined': [alias, 'injector-refused'],
  });
  // the chart has no value for aliases
  const path = pathOf('ConfigMap', 'istio-system', 'istio-sidecar-injector');
  const { data } = await bed.api.get<{ data: { config: string } }>(path);
  await bed.api.patch(path, { data: { config: `aliases: {both: [sidecar, init]}\n${data.config}` } });
  await tables.becomes(alias, proxy());
});

// TestInjection
test('what pods say of their proxy and of its traffic', async () => {
  await tables.configure({ global: { proxy: { image: 'proxyTest' } } });
  const image = 'docker.io/istio/proxyTest:1.31.0';
  const traffic = (what: string, value: string): Row => ({
    annotations: { [`traffic.sidecar.istio.io/${what}`]: value },
  });
  const own = { name: 'istio-proxy', image: 'auto', tty: true };
  await tables.holds({
    'the configuration’s image': [{}, given(image)],
    'a container of its own, with the image left open': [{ spec: { containers: [APP, own] } }, given(image)],
    'native sidecars refused': [
      { annotations: { 'sidecar.istio.io/nativeSidecar': 'false' } },
      `container ${image} default`,
    ],
    'no other container beside a native sidecar': [{ spec: { containers: [own] } }, 'bad-answer'],
    'bad inbound ports to leave out': [traffic('excludeInboundPorts', '*'), 'injector-refused'],
    'bad ranges to leave out': [traffic('excludeOutboundIPRanges', '*'), 'injector-refused'],
    'bad outbound ports to leave out': [traffic('excludeOutboundPorts', 'bad'), 'injector-refused'],
    'bad inbound ports': [traffic('includeInboundPorts', 'bad'), 'injector-refused'],
    'bad ranges': [traffic('includeOutboundIPRanges', 'bad'), 'injector-refused'],
  });
});

/**
 * TestParseInjectEnvs, as far as a webhook's URL can say it. Variables change no image, but another cluster's name has istiod look at the
 * nodes of that cluster, which it does not know here, so that sidecars are not native.
 */
const LOCAL = proxy();
const ELSEWHERE = proxy('', 'container');
const paths: readonly [path: string, expected: string][] = [
  ['/inject', LOCAL],
  ['/inject/', LOCAL],
  ['/inject/cluster/cluster1', ELSEWHERE],
  ['/inject/cluster/cluster1/net/network1/', ELSEWHERE],
  ['/inject/cluster/cluster--slash--1', ELSEWHERE],
  ['/inject/cluster/cluster1/custom_env/foo', ELSEWHERE],
  ['/inject/cluster/Kubernetes/custom_env/foo', LOCAL],
  ['/inject/cluster', LOCAL],
  ['/inject/cluster/cluster1/network', ELSEWHERE],
  ['/inject/:ENV:cluster=cluster2:ENV:rootpage=/foo/bar', ELSEWHERE],
  ['/inject/rootpage1/value1/rootpage2/:ENV:abcd=efgh', LOCAL],
  ['/inject/:ENV:rootpage1=efgh:ENV:=abb:ENV:=', LOCAL],
  ['/inject/%3AENV%3Arootpage1%3D%2Ffoo%2Fbar%3AENV%3Arootpage2%3D%2Fbar%2Ftoe', LOCAL],
];

test('variables in the webhook’s path', async () => {
  await tables.configure({});
  const { origin } = new URL(bed.istio.address('default').url);
  const entries = paths.map(([path], index) => ({
    name: `path-${index}`,
    url: `${origin}${path}`,
    selector: is(PATH, String(index)),
  }));
  await handMade('paths', entries);
  const rowOf = (index: number): Row => ({ namespace: 'every', labels: { [PATH]: String(index) } });
  await tables.becomes(rowOf(0), LOCAL);
  const table = paths.map(([path, expected], index) => [path, [rowOf(index), expected]]);
  await tables.holds(Object.fromEntries(table) as Table);
});
