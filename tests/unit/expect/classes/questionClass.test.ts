import assert from 'node:assert/strict';
import { classOf } from '../../../../src/expect/classes/questionClass.ts';
import type { AskedInjection } from '../../../../src/expect/mesh.ts';
import type { Question } from '../../../../src/expect/question.ts';
import type { PodTemplate } from '../../../../src/model.ts';
import { injection, istiod } from '../../../builders/workload.ts';
import { SIDECAR } from './istioTemplates.ts';

/** The data of the injector ConfigMap; JSON is YAML. */
const configured = (config: object): Readonly<Record<string, string>> => ({
  config: JSON.stringify(config),
  values: '{}',
});

const ISTIO = configured({ policy: 'enabled', defaultTemplates: ['sidecar'], templates: { sidecar: SIDECAR } });
const withTemplate = (text: string, more: object = {}) => configured({ templates: { sidecar: text }, ...more });

const asking = (injectorConfig = ISTIO): AskedInjection => injection({ istiod: istiod(), injectorConfig });

const APP = { name: 'app', image: 'registry.example/app:1', env: [{ name: 'A', value: '1' }] };
const TEMPLATE: PodTemplate = { labels: { app: 'web' }, annotations: {}, spec: { containers: [APP] } };

const question = (given: Partial<Question> = {}): Question => ({
  injection: asking(),
  namespace: 'shop',
  name: 'web',
  template: TEMPLATE,
  templateHash: 'h',
  ...given,
});

const ofApp = (change: object): Partial<PodTemplate> => ({ spec: { containers: [{ ...APP, ...change }] } });
const ofPod = (change: object): Partial<PodTemplate> => ({ spec: { ...TEMPLATE.spec, ...change } });

const classIn = (injectorConfig: Readonly<Record<string, string>>, change: Partial<PodTemplate> = {}) =>
  classOf(question({ injection: asking(injectorConfig), template: { ...TEMPLATE, ...change } }));

/** How a changed template stands to the one above. */
function compared(change: Partial<PodTemplate>, config = ISTIO): 'alike' | 'apart' | 'by itself' {
  const [one, other] = [classIn(config), classIn(config, change)];
  assert.ok(one !== undefined);
  if (other === undefined) return 'by itself';
  return one === other ? 'alike' : 'apart';
}

describe('templates that differ in settings of the app alone are alike to Istio’s injector', () => {
  const alike: readonly [name: string, change: Partial<PodTemplate>][] = [
    ['variables', ofApp({ env: [{ name: 'A', value: '2' }], envFrom: [{ configMapRef: { name: 'c' } }] })],
    ['image', ofApp({ image: 'registry.example/other@sha256:0' })],
    ['command and arguments', ofApp({ command: ['a'], args: ['b'] })],
    ['resources', ofApp({ resources: { limits: { cpu: '1' } } })],
    ['mounts', ofApp({ volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    ['name of the container', ofApp({ name: 'web' })],
    ['ports', ofApp({ ports: [{ containerPort: 8080 }] })],
    ['probes', ofApp({ readinessProbe: { httpGet: { port: 1 } }, lifecycle: { preStop: { sleep: {} } } })],
    ['volumes', ofPod({ volumes: [{ name: 'v', emptyDir: {} }] })],
    ['ServiceAccount', ofPod({ serviceAccountName: 'web' })],
    ['affinity', ofPod({ affinity: { podAntiAffinity: {} }, topologySpreadConstraints: [{ maxSkew: 1 }] })],
    ['labels that no template reads', { labels: { app: 'other', team: 'a', version: 'v2' } }],
    ['checksums of a chart', { annotations: { 'checksum/config': 'a' } }],
    ['the time of a restart', { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } }],
  ];
  for (const [name, change] of alike) it(name, () => assert.equal(compared(change), 'alike'));

  it('the names of the workloads', () => {
    assert.equal(classOf(question({ name: 'other' })), classOf(question()));
  });

  const apart: readonly [name: string, change: Partial<PodTemplate>][] = [
    ['a label of Istio', { labels: { 'sidecar.istio.io/inject': 'true' } }],
    ['a revision', { labels: { app: 'web', 'istio.io/rev': 'canary' } }],
    ['a label that needs quotes', { labels: { app: 'a"b' } }],
    ['any other annotation', { annotations: { note: 'a' } }],
    ['an image of the proxy', { annotations: { 'sidecar.istio.io/proxyImage': 'a/b:1' } }],
    ['the network of the node', ofPod({ hostNetwork: true })],
    ['a node', ofPod({ nodeName: 'a' })],
    ['a security context of the app', ofApp({ securityContext: { runAsUser: 1 } })],
    ['one container more', { spec: { containers: [APP, { ...APP, name: 'b' }] } }],
    ['an init container', ofPod({ initContainers: [{ name: 'a', image: 'a' }] })],
    ['pull secrets', ofPod({ imagePullSecrets: [{ name: 'a' }] })],
    ['a volume of a name that the template uses', ofPod({ volumes: [{ name: 'istio-certs', emptyDir: {} }] })],
    ['a proxy of its own', { spec: { containers: [APP, { name: 'istio-proxy', image: 'auto' }] } }],
    ['a field that is not known', ofPod({ whatever: 1 })],
    ['an unknown field of a container', ofApp({ whatever: 1 })],
    ['a field of every object', ofPod({ constructor: 'a' })],
  ];
  for (const [name, change] of apart) it(`but not: ${name}`, () => assert.equal(compared(change), 'apart'));

  it('but not: two images of a proxy of their own', () => {
    const own = (image: string) => ({ spec: { containers: [APP, { name: 'istio-proxy', image }] } });
    assert.notEqual(classIn(ISTIO, own('auto')), classIn(ISTIO, own('mine')));
  });

  it('but not: two images of a proxy of their own that no template names', () => {
    const own = (image: string) => ({ spec: { containers: [APP, { name: 'istio-proxy', image }] } });
    assert.notEqual(classIn(withTemplate(''), own('auto')), classIn(withTemplate(''), own('mine')));
  });

  it('but not: namespaces, epochs, ProxyConfigs and what the answer is read for', () => {
    const all = [
      question(),
      question({ namespace: 'other' }),
      question({ injection: { ...asking(), epoch: 'other' } }),
      question({ proxyConfigs: 'a' }),
      question({ proxyConfigs: 'b' }),
      question({ config: true }),
    ].map(classOf);
    assert.ok(!all.includes(undefined));
    assert.equal(new Set(all).size, all.length);
  });

  it('but not: labels where ProxyConfigs may select by them', () => {
    const other = { ...TEMPLATE, labels: { app: 'other' } };
    const [one, two] = [question({ proxyConfigs: 'a' }), question({ proxyConfigs: 'a', template: other })];
    assert.notEqual(classOf(one), classOf(two));
  });

  it('but not: labels of templates that were classed before the first ProxyConfig', () => {
    const templates = [TEMPLATE, { ...TEMPLATE, labels: { app: 'other' } }];
    const classes = (given: Partial<Question>) =>
      templates.map((template) => classOf(question({ template, ...given })));
    const [one, two] = classes({});
    assert.equal(one, two);
    assert.equal(new Set(classes({ proxyConfigs: 'a' })).size, 2);
    assert.deepEqual(classes({}), [one, one], 'after the last one');
  });
});

describe('templates are asked about by themselves', () => {
  const changes: readonly [name: string, change: Partial<PodTemplate>][] = [
    ['if the pod says that it has been injected', { annotations: { 'sidecar.istio.io/status': '{}' } }],
    ['if the pod names overrides', { annotations: { 'proxy.istio.io/overrides': '{}' } }],
    ['if the pod wants a template that is not there', { annotations: { 'inject.istio.io/templates': 'mine' } }],
    ['if the pod wants what every object has', { annotations: { 'inject.istio.io/templates': 'constructor' } }],
    ['if an image could end the text that it is written into', ofApp({ image: 'a"\n    image: b' })],
    ['if a container has no image', ofApp({ image: undefined })],
    ['if the name of a container could', ofApp({ name: 'a"b' })],
    ['if the ServiceAccount could', ofPod({ serviceAccountName: 'a\nb' })],
    ['if the containers are no list', { spec: { containers: 'app' } }],
    ['if a container is no object', { spec: { containers: [APP, null] } }],
    ['if the volumes are no list', ofPod({ volumes: {} })],
  ];
  for (const [name, change] of changes) it(name, () => assert.equal(compared(change), 'by itself'));

  const asked: readonly [name: string, of: Partial<AskedInjection>][] = [
    ['if the control plane is not seen', { istiod: undefined as never }],
    ['if the injector’s configuration is not seen', { injectorConfig: undefined as never }],
    ['if another source asks', { source: { name: 'vault' } as never }],
    ['if another injector is assumed', { entry: { ...asking().entry, askedAt: { host: 'a', port: 1 } } }],
  ];
  for (const [name, of] of asked)
    it(name, () => assert.equal(classOf(question({ injection: { ...asking(), ...of } })), undefined));

  const configs: readonly [name: string, config: Readonly<Record<string, string>>][] = [
    ['if the configuration is not YAML', { config: '{' }],
    ['if the configuration is a text', { config: 'a' }],
    ['if there is no configuration', {}],
    ['if the configuration has more than is known', withTemplate('', { more: 1 })],
    ['if a template is no text', configured({ templates: { sidecar: 1 } })],
    ['if the template is not there', configured({ templates: { other: '' } })],
    ['if the template hands on all that it has', withTemplate('{{ toJson . }}')],
    [
      'if one of two templates does',
      configured({ defaultTemplates: ['a', 'b'], templates: { a: '', b: '{{ toJson . }}' } }),
    ],
    [
      'if a template behind an alias does',
      configured({ defaultTemplates: ['x'], aliases: { x: ['a'] }, templates: { a: '{{ . }}' } }),
    ],
    ['if a selector is none', withTemplate('', { neverInjectSelector: [1] })],
  ];
  for (const [name, config] of configs) it(name, () => assert.equal(classIn(config), undefined));
});

describe('what the configuration reads decides', () => {
  const image = (text: string) => `spec:\n  containers:\n  - name: istio-proxy\n    image: ${text}\n`;
  const rows: readonly [
    name: string,
    config: Readonly<Record<string, string>>,
    change: Partial<PodTemplate>,
    is: string,
  ][] = [
    ['a label in the image', withTemplate(image('a:{{ .ObjectMeta.Labels.app }}')), { labels: { app: 'b' } }, 'apart'],
    [
      'another label in the image',
      withTemplate(image('a:{{ .ObjectMeta.Labels.app }}')),
      { labels: { app: 'web', x: 'b' } },
      'alike',
    ],
    ['all labels', withTemplate(image('{{ toJSON .ObjectMeta.Labels }}')), { labels: { app: 'web', x: 'b' } }, 'apart'],
    [
      'a checksum',
      withTemplate(image('{{ annotation .ObjectMeta `checksum/a` "" }}')),
      { annotations: { 'checksum/a': 'b' } },
      'apart',
    ],
    [
      'another checksum',
      withTemplate(image('{{ annotation .ObjectMeta `checksum/a` "" }}')),
      { annotations: { 'checksum/b': 'b' } },
      'alike',
    ],
    [
      'all annotations',
      withTemplate(image('{{ toJSON .ObjectMeta.Annotations }}')),
      { annotations: { 'checksum/b': 'b' } },
      'apart',
    ],
    [
      'the ServiceAccount',
      withTemplate(image('{{ .Spec.ServiceAccountName }}')),
      ofPod({ serviceAccountName: 'b' }),
      'apart',
    ],
    ['containers', withTemplate(image('{{ (index .Spec.Containers 0).Image }}')), ofApp({ image: 'b' }), 'apart'],
    [
      'names of containers',
      withTemplate(image('{{ range .Spec.Containers }}{{ .Name }}{{ end }}')),
      ofApp({ name: 'b' }),
      'apart',
    ],
    [
      'names, but not images',
      withTemplate(image('{{ range .Spec.Containers }}{{ .Name }}{{ end }}')),
      ofApp({ image: 'b' }),
      'alike',
    ],
    ['volumes', withTemplate(image('{{ len .Spec.Volumes }}')), ofPod({ volumes: [{ name: 'v' }] }), 'apart'],
    ['the affinity', withTemplate(image('{{ .Spec.Affinity }}')), ofPod({ affinity: {} }), 'apart'],
    [
      'a container of the template’s',
      withTemplate('spec:\n  containers:\n  - name: "app"\n    image: b'),
      ofApp({ image: 'c' }),
      'apart',
    ],
    [
      'a selector of pods that are never injected',
      withTemplate('', { neverInjectSelector: [{ matchLabels: { x: 'b' } }] }),
      { labels: { app: 'web', x: 'b' } },
      'apart',
    ],
    [
      'a selector of pods that are always injected',
      withTemplate('', { alwaysInjectSelector: [{ matchExpressions: [{ key: 'x', operator: 'Exists' }] }] }),
      { labels: { app: 'web', x: 'b' } },
      'apart',
    ],
    [
      'empty selectors',
      withTemplate('', {
        neverInjectSelector: null,
        alwaysInjectSelector: [{}],
        aliases: null,
        defaultTemplates: null,
      }),
      { labels: { x: 'b' } },
      'alike',
    ],
  ];
  for (const [name, config, change, is] of rows) it(name, () => assert.equal(compared(change, config), is));

  it('images of init containers', () => {
    const classes = (config: Readonly<Record<string, string>>) =>
      ['a', 'b'].map((name) => classIn(config, ofPod({ initContainers: [{ name: 'init', image: name }] })));
    assert.equal(new Set(classes(ISTIO)).size, 1);
    assert.equal(new Set(classes(withTemplate(image('{{ (index .Spec.InitContainers 0).Image }}')))).size, 2);
  });
});

it('an annotation of 250,000 names of templates costs little more than to split it', () => {
  const names = ','.repeat(250_000);
  // what a template reads is kept, so each try has one of its own
  const asks = () =>
    classOf(question({ template: { ...TEMPLATE, annotations: { 'inject.istio.io/templates': names } } }));
  assert.ok(cpuOf(asks) < 6 * cpuOf(() => names.split(',').map((name) => name.trim())));
});

/** The least processor time of some tries, in microseconds. */
function cpuOf(work: () => unknown): number {
  const tries = Array.from({ length: 3 }, () => {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  });
  return Math.min(...tries);
}
