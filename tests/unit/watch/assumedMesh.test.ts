import assert from 'node:assert/strict';
import type { Assumption } from '../../../src/expect/assumption.ts';
import { type AskedInjection, isAsked, type Mesh } from '../../../src/expect/mesh.ts';
import { ONLY_ISTIO } from '../../../src/expect/sources.ts';
import type { RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import type { RawWorkload } from '../../../src/kinds/rawWorkload.ts';
import { assumedMesh } from '../../../src/watch/assumedMesh.ts';
import { MeshAssembly, type MeshObjects, type Named } from '../../../src/watch/meshAssembly.ts';
import { configuration } from '../expect/chartWebhooks.ts';

type Configuration = RawConfiguration & Named;

const istiod = (revision: string): RawWorkload => ({
  metadata: {
    namespace: 'istio-system',
    name: `istiod-${revision}`,
    labels: { app: 'istiod', 'istio.io/rev': revision },
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: { 'istio.io/rev': revision } },
    template: {
      metadata: { labels: { app: 'istiod', 'istio.io/rev': revision } },
      spec: { containers: [{ name: 'discovery', image: `istio/pilot:${revision}` }] },
    },
  },
});

const NAMESPACES: Named[] = [
  { metadata: { name: 'shop', labels: { 'istio.io/rev': 'prod', team: 'a' }, annotations: { note: 'x' } } },
  { metadata: { name: 'bank', labels: { 'istio-injection': 'enabled' } } },
];
const TEMPLATES = new Map(['default', 'canary'].map((revision) => [revision, istiod(revision)]));
const DATA = new Map(
  ['istio-sidecar-injector', 'istio-sidecar-injector-canary', 'istio', 'istio-canary'].map((name) => [
    name,
    { metadata: { namespace: 'istio-system', name }, data: { config: name } },
  ]),
);

/** The objects of a mesh with these configurations. */
const objects = (configurations: readonly Configuration[], namespaces = NAMESPACES): MeshObjects => ({
  configurations: () => configurations,
  namespaces: () => namespaces,
  proxyConfigs: () => [],
  deployments: (namespace) => (namespace === 'istio-system' ? [...TEMPLATES.values()] : []),
  services: () =>
    ['default', 'canary'].map((revision) => ({
      metadata: { namespace: 'istio-system', name: revision === 'default' ? 'istiod' : `istiod-${revision}` },
      spec: { type: 'ClusterIP', selector: { 'istio.io/rev': revision } },
    })),
  configMap: (_namespace, name) => DATA.get(name),
});

const OPTIONS = { trusted: [], sources: ONLY_ISTIO };
const real = (of: MeshObjects): Mesh => new MeshAssembly(of, []).mesh();

const OWN = configuration('istio-sidecar-injector', 'default', 'default', 'plain');
const CANARY = configuration('istio-sidecar-injector-canary', 'canary', 'canary');
const tagged = (tag: string, revision: string): Configuration =>
  configuration(`istio-revision-tag-${tag}`, revision, tag, tag === 'default' ? 'plain' : 'none');

/** Annotations and an authority as Helm and istiod write them. */
function complete(one: Configuration, release?: string): Configuration {
  const caBundle = Buffer.from(`CA of ${one.metadata?.labels?.['istio.io/rev']}`).toString('base64');
  const annotations = { other: 'kept', ...(release && { 'meta.helm.sh/release-namespace': release }) };
  return {
    ...one,
    metadata: { ...one.metadata, annotations },
    webhooks: (one.webhooks ?? []).map((entry) => ({ ...entry, clientConfig: { ...entry.clientConfig, caBundle } })),
  };
}

const move = (tag: string, revision: string): Assumption => ({ kind: 'tag', tag, revision });

describe('a tag that is assumed to point elsewhere', () => {
  for (const [tag, from, to] of [
    ['prod', 'default', 'canary'],
    ['prod', 'canary', 'default'],
    ['prod', 'canary', 'canary'],
    ['default', 'default', 'canary'],
    ['default', 'canary', 'default'],
  ] as const)
    test(`${tag} from ${from} to ${to} makes the mesh that the chart would make`, () => {
      const before = [OWN, CANARY, tagged(tag, from)].map((one) => complete(one));
      const after = [OWN, CANARY, tagged(tag, to)].map((one) => complete(one));
      assert.deepEqual(assumedMesh(objects(before), [move(tag, to)], OPTIONS), real(objects(after)));
    });

  test('has the release of the revision, which says where its control plane is', () => {
    const before = [complete(OWN, 'old'), complete(CANARY, 'new'), complete(tagged('prod', 'default'), 'old')];
    const after = [complete(OWN, 'old'), complete(CANARY, 'new'), complete(tagged('prod', 'canary'), 'new')];
    assert.deepEqual(assumedMesh(objects(before), [move('prod', 'canary')], OPTIONS), real(objects(after)));
  });

  test('has the revision of its label where no istiod is visible', () => {
    const hidden = (all: readonly Configuration[]): MeshObjects => ({ ...objects(all), deployments: () => [] });
    const mesh = assumedMesh(hidden([OWN, CANARY, tagged('prod', 'default')]), [move('prod', 'canary')], OPTIONS);
    assert.deepEqual(mesh, real(hidden([OWN, CANARY, tagged('prod', 'canary')])));
  });

  test('leaves entries that are not Istio’s, and other tags, as they are', () => {
    const foreign = { name: 'other.example.com', clientConfig: { url: 'https://other.example.com' } };
    const prod = tagged('prod', 'default');
    const mixed = { ...prod, webhooks: [...(prod.webhooks ?? []), foreign] };
    const mesh = assumedMesh(
      objects([OWN, CANARY, mixed, tagged('stable', 'default')]),
      [move('prod', 'canary')],
      OPTIONS,
    );
    const revisions = mesh.injections.filter(isAsked).map(({ entry }) => `${entry.configuration} ${entry.revision}`);
    assert.deepEqual(
      new Set(revisions),
      new Set([
        'istio-revision-tag-prod canary',
        'istio-revision-tag-stable default',
        'istio-sidecar-injector default',
        'istio-sidecar-injector-canary canary',
      ]),
    );
  });

  test('does not change what was watched', () => {
    const given = objects([OWN, CANARY, tagged('prod', 'default')]);
    const before = structuredClone(real(given).namespaces);
    const injections = JSON.stringify(real(given).injections);
    assumedMesh(given, [move('prod', 'canary'), { kind: 'label', namespace: 'shop', key: 'a', value: 'b' }], OPTIONS);
    assert.deepEqual(real(given).namespaces, before);
    assert.equal(JSON.stringify(real(given).injections), injections);
  });
});

describe('a label of a namespace', () => {
  const shop = (assumption: { key: string; value?: string }, namespace = 'shop') =>
    assumedMesh(objects([OWN]), [{ kind: 'label', namespace, ...assumption }], OPTIONS).namespaces.get('shop');
  const annotations = { note: 'x' };

  test('is added', () =>
    assert.deepEqual(shop({ key: 'stage', value: 'dev' }), {
      labels: { 'istio.io/rev': 'prod', team: 'a', stage: 'dev' },
      annotations,
    }));
  test('is changed', () =>
    assert.deepEqual(shop({ key: 'istio.io/rev', value: 'canary' }), {
      labels: { 'istio.io/rev': 'canary', team: 'a' },
      annotations,
    }));
  test('is removed', () => assert.deepEqual(shop({ key: 'istio.io/rev' }), { labels: { team: 'a' }, annotations }));
  test('of another namespace changes nothing here', () =>
    assert.deepEqual(shop({ key: 'team' }, 'bank'), { labels: { 'istio.io/rev': 'prod', team: 'a' }, annotations }));
});

describe('an injector in the place of a revision’s', () => {
  const address = { host: '127.0.0.1', port: 15018 };
  const given = objects([OWN, CANARY, tagged('prod', 'default')]);
  const at = (...assumptions: Assumption[]): [configuration: string, AskedInjection][] =>
    assumedMesh(given, [{ kind: 'injector', revision: 'default', address }, ...assumptions], OPTIONS)
      .injections.filter(isAsked)
      .map((injection) => [injection.entry.configuration, injection]);

  test('is asked for the revision and for its tags, and for no other', () => {
    const asked = new Map(at().map(([name, { entry }]) => [name, entry.askedAt]));
    assert.deepEqual(
      [...asked],
      [
        ['istio-revision-tag-prod', address],
        ['istio-sidecar-injector', address],
        ['istio-sidecar-injector-canary', undefined],
      ],
    );
  });

  test('is asked for a tag that is assumed to point to it, and not for one that is assumed to leave', () => {
    const asked = new Map(at(move('prod', 'canary')).map(([name, { entry }]) => [name, entry.askedAt]));
    assert.equal(asked.get('istio-revision-tag-prod'), undefined);
  });

  test('has no istiod that gates could look at, and is another run', () => {
    const before = real(given).injections.filter(isAsked);
    for (const [index, [name, injection]] of at().entries()) {
      const was = before[index];
      assert.ok(was?.istiod);
      assert.equal(was.entry.name, injection.entry.name);
      if (name === 'istio-sidecar-injector-canary') {
        assert.deepEqual(injection, was);
        continue;
      }
      assert.equal(injection.istiod, undefined);
      assert.notEqual(injection.run, was.run);
      assert.notEqual(injection.epoch, was.epoch);
    }
  });
});
