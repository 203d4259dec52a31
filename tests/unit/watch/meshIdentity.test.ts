import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Injection, Mesh } from '../../../src/expect/mesh.ts';
import type { SidecarSource } from '../../../src/expect/sidecarSource.ts';
import { ISTIO } from '../../../src/expect/sources/istio.ts';
import { closedGate } from '../../../src/plan/gates/gates.ts';
import { Changes, type MeshChange } from '../../../src/watch/changes.ts';
import type { AnswersVersion } from '../../../src/watch/meshAssembly.ts';
import { type MeshScope, MeshWatch } from '../../../src/watch/meshWatch.ts';
import { dapr, vault } from '../../builders/sidecars.ts';
import { expected } from '../../builders/workload.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { settled, until } from '../cluster/deadline.ts';
import { MemoryMesh } from './memoryMesh.ts';
import {
  byService,
  configMap,
  deployment,
  namespace,
  proxyConfig,
  service,
  type Written,
  webhook,
} from './meshObjects.ts';

type Objects = readonly (readonly [resource: string, object: Written])[];

const WEBHOOKS = 'mutatingwebhookconfigurations';
const BY_URL = { url: 'https://istiod.example.com/inject' };
const HELM = { 'meta.helm.sh/release-namespace': 'istio-system' };
const REV = (revision: string) => ({ 'istio.io/rev': revision });

interface Watched {
  readonly api: MemoryMesh;
  readonly watch: MeshWatch;
  readonly changes: MeshChange[];
  readonly errors: string[];
}

interface Given {
  readonly scope?: MeshScope | undefined;
  readonly forbids?: MemoryMesh['forbids'];
  readonly answersVersion?: AnswersVersion;
  readonly sources?: () => readonly SidecarSource[];
}

/** What a cluster with these objects is seen as. */
async function watched(objects: Objects, given: Given = {}): Promise<Watched> {
  const api = new MemoryMesh();
  if (given.forbids) api.forbids = given.forbids;
  for (const [resource, object] of objects) api.put(resource, object);
  const stop = new AbortController();
  afterTest(() => stop.abort());
  const errors: string[] = [];
  const watch = new MeshWatch(
    api.client(),
    stop.signal,
    (_, error, instead) => errors.push(`${String(error)}; ${instead}`),
    given.scope,
    given.answersVersion,
    given.sources,
  );
  await settled('the mesh', watch.settled(stop.signal));
  await until('what was listed to be told', () => watch.problems().length === 0);
  await setImmediate();
  const changes: MeshChange[] = [];
  watch.onChange((change) => change && changes.push(change));
  return { api, watch, changes, errors };
}

const only = ({ watch }: Watched): Injection => {
  const [injection, ...others] = watch.mesh().injections;
  assert.ok(injection && others.length === 0);
  return injection;
};

const istiodOf = (seen: Watched): string | undefined => only(seen).istiod?.name;

const PLAIN: Objects = [
  [WEBHOOKS, webhook(byService(), { labels: REV('default') })],
  ['services', service('istiod', { selector: { app: 'istiod' } })],
  ['deployments', deployment('istiod')],
  ['configmaps', configMap('istio-sidecar-injector', { config: 'a' })],
  ['configmaps', configMap('istio', { mesh: 'rootNamespace: istio-system' })],
  ['namespaces', namespace('shop')],
];

test('a platform’s own webhook is seen with the istiod behind its Service and that one’s ConfigMaps', async () => {
  const text = readFileSync(new URL('platformWebhook.json', import.meta.url), 'utf8');
  const labels = { module: 'istio' };
  const seen = await watched([
    [WEBHOOKS, JSON.parse(text) as Written],
    ['services', service('istiod-v1x30', { selector: labels }, 'p8-istio')],
    [
      'deployments',
      deployment('control', {
        namespace: 'p8-istio',
        labels,
        podLabels: labels,
        env: [{ name: 'REVISION', value: 'v1x30' }],
      }),
    ],
    ['configmaps', configMap('istio-sidecar-injector-v1x30', { config: 'a' }, 'p8-istio')],
  ]);
  const { injections } = seen.watch.mesh();
  assert.deepEqual(
    injections.map(({ entry, istiod }) => [entry?.name, entry?.revision, istiod?.name]),
    [
      ['namespace-sidecar-injector.istio.io', 'v1x30', 'control'],
      ['object-sidecar-injector.istio.io', 'v1x30', 'control'],
    ],
  );
  const before = injections[0]?.run;
  seen.api.put('configmaps', configMap('istio-sidecar-injector-v1x30', { config: 'b' }, 'p8-istio'));
  await until('its ConfigMap to count', () => seen.watch.mesh().injections[0]?.run !== before);
});

test('without any label and any visible istiod the revision is default', async () => {
  assert.equal(only(await watched([[WEBHOOKS, webhook(BY_URL)]])).entry?.revision, 'default');
});

const moved = (name: string): Objects => [
  [WEBHOOKS, webhook(byService(name), { labels: { ...REV('old'), 'istio.io/tag': 'prod' } })],
  ['services', service('istiod-old', { selector: REV('old') })],
  ['services', service('istiod-new', { selector: REV('new') })],
  ['deployments', deployment('istiod-old', { revision: 'old', image: 'docker.io/istio/pilot:1.30.3' })],
  ['deployments', deployment('istiod-new', { revision: 'new', image: 'docker.io/istio/pilot:1.31.0' })],
  ['configmaps', configMap('istio-sidecar-injector-new', { config: 'new' })],
];

test('a tag that moves by its clientConfig alone is assessed by the istiod that answers now', async () => {
  const seen = await watched(moved('istiod-old'));
  const gate = (): string | undefined => {
    const [injection] = seen.watch.mesh().injections;
    return injection && closedGate({ injection, expected: expected(), unconfirmed: undefined }, new Set())?.code;
  };
  assert.deepEqual([istiodOf(seen), gate()], ['istiod-old', 'proxy-newer-than-istiod']);
  const [, configuration] = moved('istiod-new')[0] as Objects[number];
  seen.api.put(WEBHOOKS, configuration);
  await until('the other istiod', () => istiodOf(seen) === 'istiod-new' && gate() === undefined);
  assert.equal(only(seen).entry?.revision, 'new');
  const { run } = only(seen);
  await until('its ConfigMap to be watched', () => seen.watch.problems().length === 0);
  seen.api.put('configmaps', configMap('istio-sidecar-injector-new', { config: 'newer' }));
  await until('the new revision’s ConfigMap to count', () => only(seen).run !== run);
});

test('of two control planes with Services of one name, each answers the entry of its namespace', async () => {
  const controlPlane = (home: string): Objects => {
    const labels = { app: 'istiod', home };
    return [
      [WEBHOOKS, webhook(byService('istiod', home), { name: home })],
      ['services', service('istiod', { selector: labels }, home)],
      ['deployments', deployment('istiod', { namespace: home, labels, podLabels: labels })],
    ];
  };
  const seen = await watched([...controlPlane('one'), ...controlPlane('two')]);
  const homes = seen.watch.mesh().injections.map(({ istiod }) => istiod?.namespace);
  assert.deepEqual(homes, ['one', 'two']);
});

test('the selector of an ExternalName does not hide the istiod of the label’s revision', async () => {
  const external = service('istiod', { type: 'ExternalName', selector: { app: 'gone' } });
  assert.equal(istiodOf(await watched([...PLAIN, ['services', external]])), 'istiod');
});

test('the chart of the injector’s ConfigMap is seen', async () => {
  const { metadata, ...rest } = configMap('istio-sidecar-injector', { config: 'a' });
  const labels = { 'app.kubernetes.io/version': '1.31.0' };
  const seen = await watched([...PLAIN, ['configmaps', { ...rest, metadata: { ...metadata, labels } }]]);
  assert.deepEqual(only(seen).configChart, [undefined, '1.31.0']);
});

const tenants: Objects = [['deployments', deployment('mine', { namespace: 'tenant', ready: 0 })]];
const urls: [string, Objects, MeshScope | undefined, string | undefined][] = [
  ['a URL alone leads to no istiod', [], undefined, undefined],
  ['… nor does a tenant’s', tenants, undefined, undefined],
];
for (const [name, more, scope, home] of urls)
  test(name, async () => {
    const seen = await watched([[WEBHOOKS, webhook(BY_URL, { labels: REV('default') })], ...PLAIN.slice(2), ...more], {
      scope,
    });
    assert.equal(istiodOf(seen), home);
    assert.ok(
      seen.api.listed.every((path) => !path.endsWith('/deployments')),
      'it looked where nobody names',
    );
  });

for (const [name, metadata, scope] of [
  ['Helm’s annotation', { annotations: HELM }, undefined],
  ['--istio-namespaces', {}, { namespaces: [], istioNamespaces: ['istio-system'] }],
] as const)
  test(`a tenant’s Deployment does not hide the istiod that ${name} leads to`, async () => {
    const configuration = webhook(BY_URL, { labels: REV('default'), ...metadata });
    const alone = only(await watched([[WEBHOOKS, configuration], ...PLAIN.slice(2)], { scope }));
    const seen = await watched([[WEBHOOKS, configuration], ...PLAIN.slice(2), ...tenants], { scope });
    assert.deepEqual([istiodOf(seen), only(seen).run, only(seen).epoch], ['istiod', alone.run, alone.epoch]);
  });

const dying = (name: string): Written => {
  const { metadata, ...rest } = namespace(name);
  return { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
};
test('a namespace whose deletion begins is another one, although its labels are the same', async () => {
  const seen = await watched([...PLAIN, ['namespaces', namespace('shop')]]);
  const before = seen.watch.mesh();
  seen.api.put('namespaces', dying('shop'));
  await until('the deletion to be told', () => seen.changes.length > 0);
  const { namespaces } = seen.watch.mesh();
  assert.deepEqual([before.namespaces.get('shop')?.deleting, namespaces.get('shop')?.deleting], [undefined, true]);
});

/** What an edit makes of the identity of everybody's injector, and whom it concerns. */
const edits: [name: string, before: Objects, edit: Objects[number], concerns: string][] = [
  ['a ProxyConfig of a tenant', [], ['proxyconfigs', proxyConfig('shop', 'debug')], 'shop'],
  [
    'an edited ProxyConfig of a tenant',
    [['proxyconfigs', proxyConfig('shop', 'a')]],
    ['proxyconfigs', proxyConfig('shop', 'b')],
    'shop',
  ],
  ['a ProxyConfig of the root namespace', [], ['proxyconfigs', proxyConfig('istio-system', 'debug')], 'everything'],
  [
    'a ProxyConfig of another root namespace',
    [['configmaps', configMap('istio', { mesh: 'rootNamespace: mesh-root' })]],
    ['proxyconfigs', proxyConfig('mesh-root', 'debug')],
    'everything',
  ],
  [
    'one in the control plane’s namespace where the root is another',
    [['configmaps', configMap('istio', { mesh: 'rootNamespace: mesh-root' })]],
    ['proxyconfigs', proxyConfig('istio-system', 'debug')],
    'istio-system',
  ],
  [
    'an unrelated Deployment beside istiod',
    [],
    ['deployments', deployment('grafana', { labels: {}, podLabels: {} })],
    'nothing',
  ],
  ['istiod’s status', [], ['deployments', deployment('istiod', { ready: 0 })], 'nothing'],
  ['istiod’s template', [], ['deployments', deployment('istiod', { image: 'pilot:2', generation: 2 })], 'everything'],
  ['mesh configuration', [], ['configmaps', configMap('istio', { mesh: 'trustDomain: x' })], 'everything'],
  ['a label of a namespace', [], ['namespaces', namespace('shop', { a: 'b' })], 'shop'],
  ['a namespace whose deletion begins', [], ['namespaces', dying('shop')], 'nothing'],
  ['a Service that leads elsewhere', [], ['services', service('istiod', { selector: { app: 'none' } })], 'everything'],
];
for (const [name, before, [resource, object], concerns] of edits)
  test(`${name} concerns ${concerns}`, async () => {
    const seen = await watched([...PLAIN, ['namespaces', namespace('istio-system')], ...before]);
    // any edit of a namespace nobody knows yet is told after it, so what was told until then is all
    const last = () => seen.changes.some(({ namespaces }) => namespaces.includes('last'));
    const first: Mesh = seen.watch.mesh();
    const changes = new Changes(first);
    seen.watch.onChange((change) => changes.note(() => assert.fail('the mesh was built for one event'), change));
    seen.api.put(resource, object);
    // what concerns nobody is told by what follows it in its own watch
    if (concerns === 'nothing') seen.api.put('deployments', deployment('istiod', { ready: 0 }));
    await until('the edit to arrive', () => seen.changes.length > 0);
    seen.api.put('namespaces', namespace('last'));
    await until('all to be told', last);
    const scope = changes.take(seen.watch.mesh());
    const names =
      scope.kind === 'namespaces' ? scope.names.filter((one) => one !== 'last').join() || 'nothing' : scope.kind;
    assert.equal(names, concerns);
    const same = seen.watch.mesh().injections[0]?.run === first.injections[0]?.run;
    assert.equal(same, concerns !== 'everything', 'the run');
  });

test('the order in which ProxyConfigs arrive does not matter', async () => {
  const [one, root] = [proxyConfig('istio-system', 'debug'), namespace('istio-system')];
  const other = { ...proxyConfig('istio-system', 'default'), metadata: { name: 'other', namespace: 'istio-system' } };
  const runs = [
    [one, other],
    [other, one],
  ].map(async (objects) => {
    const configs = objects.map((object) => ['proxyconfigs', object] as const);
    return only(await watched([...PLAIN, ['namespaces', root], ...configs])).run;
  });
  const [first, second] = await Promise.all(runs);
  assert.equal(first, second);
});

test('a namespace’s ProxyConfigs are told apart by what they say', async () => {
  const seen = await watched([...PLAIN, ['proxyconfigs', proxyConfig('shop', 'a')]]);
  const hash = () => seen.watch.mesh().namespaces.get('shop')?.proxyConfigs;
  const before = hash();
  seen.api.put('proxyconfigs', proxyConfig('shop', 'b'));
  await until('another hash', () => hash() !== before);
  seen.api.put('proxyconfigs', proxyConfig('shop', 'a'));
  await until('the first hash', () => hash() === before);
  seen.api.remove('proxyconfigs', 'shop', 'image');
  await until('no hash', () => hash() === undefined);
});

/** Pods may have been created in between. */
const reverted: [name: string, Objects[number], between: Objects[number] | undefined, concerns: string][] = [
  [
    'mesh configuration',
    ['configmaps', configMap('istio', { mesh: 'rootNamespace: istio-system' })],
    ['configmaps', configMap('istio', { mesh: 'x: y' })],
    'everything',
  ],
  [
    'a Service’s type',
    ['services', service('istiod', { selector: { app: 'istiod' } })],
    ['services', service('istiod', { type: 'ExternalName', selector: { app: 'istiod' } })],
    'everything',
  ],
  [
    'a Service’s selector',
    ['services', service('istiod', { selector: { app: 'istiod' } })],
    ['services', service('istiod', { selector: { app: 'none' } })],
    'everything',
  ],
  [
    'istiod’s template',
    ['deployments', deployment('istiod', { generation: 3 })],
    ['deployments', deployment('istiod', { generation: 2, image: 'pilot:2' })],
    'everything',
  ],
  [
    'istiod’s label',
    ['deployments', deployment('istiod')],
    ['deployments', deployment('istiod', { labels: {} })],
    'everything',
  ],
  ['istiod itself', ['deployments', deployment('istiod')], undefined, 'everything'],
  ['a label of a namespace', ['namespaces', namespace('shop')], ['namespaces', namespace('shop', { a: 'b' })], 'shop'],
  ['a ProxyConfig of a tenant', ['proxyconfigs', proxyConfig('shop', 'a')], undefined, 'shop'],
  ['a ProxyConfig of the root namespace', ['proxyconfigs', proxyConfig('istio-system', 'a')], undefined, 'everything'],
];
for (const [name, [resource, object], between, concerns] of reverted)
  test(`${name} that is ${between ? 'edited' : 'deleted'} and put back within one burst concerns ${concerns}`, async () => {
    const root = ['namespaces', namespace('istio-system')] as const;
    const seen = await watched([...PLAIN, root, [resource, object]]);
    const changes = new Changes(seen.watch.mesh());
    seen.watch.onChange((change) => changes.note(() => seen.watch.mesh(), change));
    if (between) seen.api.put(...between);
    else seen.api.remove(resource, object.metadata.namespace, object.metadata.name);
    seen.api.put(resource, object);
    await until('them to be told', () => seen.changes.length > 0);
    const scope = changes.take(seen.watch.mesh());
    assert.equal(scope.kind === 'namespaces' ? scope.names.join() : scope.kind, concerns);
  });

test('a burst of events is told together and costs one mesh', async () => {
  const many = Array.from({ length: 5000 }, (_, index) => `n${index}`);
  const seen = await watched([...PLAIN, ...many.map((name) => ['namespaces', namespace(name)] as const)]);
  const meshes = new Set([seen.watch.mesh()]);
  seen.watch.onChange(() => meshes.add(seen.watch.mesh()));
  let [last, worst] = [performance.now(), 0];
  const ticking = setInterval(() => {
    worst = Math.max(worst, performance.now() - last);
    last = performance.now();
  }, 5);
  afterTest(() => clearInterval(ticking));
  for (const name of many) seen.api.put('namespaces', namespace(name, { relabelled: 'yes' }));
  last = performance.now();
  const told = () => new Set(seen.changes.flatMap(({ namespaces }) => namespaces)).size;
  await until('all to be told', () => told() === many.length);
  assert.ok(meshes.size < 200, `${meshes.size} meshes for ${many.length} events`);
  assert.ok(worst < 500, `the loop stood still for ${worst} ms`);
});

test('many big Deployments beside an istiod are not read before they matter', async () => {
  const env = Array.from({ length: 200 }, (_, index) => ({ name: `E${index}`, value: 'x'.repeat(100) }));
  const labels = { app: 'other' };
  const others = Array.from(
    { length: 400 },
    (_, index) => ['deployments', deployment(`d${index}`, { labels, podLabels: labels, env })] as const,
  );
  const seen = await watched([...PLAIN, ...others]);
  assert.equal(istiodOf(seen), 'istiod');
  const began = performance.now();
  for (let index = 0; index < 100; index++) seen.api.put(...(others[0] as Objects[number]));
  seen.api.put('namespaces', namespace('last'));
  await until('all to be told', () => seen.changes.length > 0);
  assert.deepEqual(seen.changes, [{ namespaces: ['last'], epochs: false }]);
  assert.ok(performance.now() - began < 2000);
});

test('a namespace full of Deployments labelled app=istiod does not stop the loop at the first list', async () => {
  const env = Array.from({ length: 200 }, (_, index) => ({ name: `E${index}`, value: 'x'.repeat(100) }));
  const many = Array.from({ length: 400 }, (_, index) => deployment(`d${index}`, { revision: `r${index}`, env }));
  const [configuration] = PLAIN as [Objects[number]];
  const seen = await watched([configuration, ...many.map((object) => ['deployments', object] as const)]);
  const building = performance.now();
  assert.equal(istiodOf(seen), undefined);
  assert.ok(performance.now() - building < 50, 'making the mesh');
});

const refusals: [string, (path: string) => boolean, string | undefined, RegExp][] = [
  [
    'Services may not be read: the istiod of the label’s revision is taken',
    (path) => path.endsWith('/services'),
    'istiod',
    /missing right: list services in namespace istio-system.*; the istiod behind it is looked for by the label app=istiod/,
  ],
  [
    'Deployments may not be read: no istiod is visible',
    (path) => path.endsWith('/deployments'),
    undefined,
    /missing right: list deployments\.apps in namespace istio-system.*; its istiod is not visible/,
  ],
];
for (const [name, forbids, istiod, said] of refusals)
  test(name, async () => {
    const seen = await watched(PLAIN, { forbids });
    assert.equal(istiodOf(seen), istiod);
    assert.equal(seen.errors.length, 1);
    assert.match(seen.errors[0] ?? '', said);
    assert.equal(seen.watch.stale(), undefined);
  });

test('of an istiod that is not visible, the ConfigMaps of the label’s revision count', async () => {
  const objects: Objects = [
    [WEBHOOKS, webhook(byService(), { labels: REV('canary') })],
    ['configmaps', configMap('istio-sidecar-injector-canary', { config: 'a' })],
  ];
  const seen = await watched(objects);
  const { run } = only(seen);
  seen.api.put('configmaps', configMap('istio-sidecar-injector-canary', { config: 'b' }));
  await until('it to be told', () => seen.changes.length > 0);
  assert.notEqual(only(seen).run, run);
});

test('what no entry names any more is not watched any more', async () => {
  const seen = await watched(PLAIN);
  const { run } = only(seen);
  seen.api.put(WEBHOOKS, webhook(byService('istiod', 'elsewhere'), { labels: REV('default') }));
  await until('the other namespace', () => seen.api.listed.includes('/apis/apps/v1/namespaces/elsewhere/deployments'));
  await until('no istiod', () => only(seen).istiod === undefined && only(seen).run !== run);
});

test('answers that have changed although no object did are another epoch of the same run', async () => {
  let version = 0;
  const seen = await watched(PLAIN, { answersVersion: () => version });
  const before = only(seen);
  version = 1;
  seen.watch.answersChanged();
  await until('it to be told', () => seen.changes.length > 0);
  assert.deepEqual(seen.changes, [{ namespaces: [], epochs: true }]);
  assert.deepEqual([only(seen).epoch === before.epoch, only(seen).run === before.run], [false, true]);
});

test('a policy with other sources is another mesh, and one with the same sources is not', async () => {
  let sources: readonly SidecarSource[] = [vault()];
  const seen = await watched([...PLAIN, ['proxyconfigs', proxyConfig('shop', 'a')]], { sources: () => sources });
  const names = (): string[] => seen.watch.mesh().injections.map(({ source }) => source?.name ?? 'istio');
  assert.deepEqual([names(), seen.watch.mesh().namespaces.get('shop')?.proxyConfigs], [['vault'], undefined]);
  sources = [vault()];
  seen.watch.sourcesChanged();
  sources = [ISTIO, vault()];
  assert.deepEqual(names(), ['vault'], 'the mesh is made again');
  seen.watch.sourcesChanged();
  await until('it to be told', () => seen.changes.length > 0);
  assert.equal(seen.changes[0]?.epochs, true);
  assert.deepEqual(names(), ['istio', 'vault']);
  await until('its istiod and the ProxyConfigs to be read', () => {
    const { injections, namespaces } = seen.watch.mesh();
    return injections[0]?.istiod !== undefined && namespaces.get('shop')?.proxyConfigs !== undefined;
  });
});

test('the rollout of a Deployment that a source waits for is followed', async () => {
  const agent = (ready: number) => deployment('agent', { namespace: 'vault', ready, labels: {}, podLabels: {} });
  const source = { ...vault(), readyFirst: [{ namespace: 'vault', name: 'agent' }] };
  const seen = await watched([['deployments', agent(0)]], { sources: () => [source] });
  const isReady = (): boolean => only(seen).notReady === undefined;
  assert.equal(isReady(), false);
  seen.api.put('deployments', agent(1));
  await until('it to be told', () => seen.changes.length > 0);
  assert.ok(isReady());
});

test('another template of the Deployment behind another source’s webhook is another epoch', async () => {
  const labels = { app: 'dapr' };
  const behind = (image: string, generation: number) =>
    deployment('injector', { namespace: 'dapr-system', labels, podLabels: labels, image, generation });
  const { webhooks, ...rest } = webhook(byService('dapr', 'dapr-system'), { name: 'dapr-sidecar-injector' });
  const entries = (webhooks as object[]).map((one) => ({ ...one, name: 'sidecar-injector.dapr.io' }));
  const objects: Objects = [
    [WEBHOOKS, { ...rest, webhooks: entries }],
    ['services', service('dapr', { selector: labels }, 'dapr-system')],
    ['deployments', behind('dapr:1', 1)],
  ];
  const seen = await watched(objects, { sources: () => [dapr] });
  const { epoch } = only(seen);
  seen.api.put('deployments', behind('dapr:2', 2));
  await until('it to be told', () => seen.changes.length > 0);
  assert.equal(seen.changes[0]?.epochs, true);
  assert.notEqual(only(seen).epoch, epoch);
});
