import assert from 'node:assert/strict';
import { judge } from '../../../src/compare/judge.ts';
import { readAnswer } from '../../../src/expect/admission.ts';
import { injectionOf, nobody } from '../../../src/expect/epoch.ts';
import { matchesOf, matchOf, nobodiesOf } from '../../../src/expect/matchOf.ts';
import type { Injection, Mesh } from '../../../src/expect/mesh.ts';
import { questionKey } from '../../../src/expect/question.ts';
import { questionOf } from '../../../src/expect/questionOf.ts';
import type { SidecarSource } from '../../../src/expect/sidecarSource.ts';
import { byImage } from '../../../src/expect/sources/byImage.ts';
import { byWebhook } from '../../../src/expect/sources/byWebhook.ts';
import { ISTIO } from '../../../src/expect/sources/istio.ts';
import { injectorEntries, type RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import { type ConfigMap, MeshAssembly } from '../../../src/watch/meshAssembly.ts';
import { DAPR_ENTRY, dapr, vault } from '../../builders/sidecars.ts';
import { group, workload } from '../../builders/workload.ts';

const RULES = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
const CLIENT = { service: { namespace: 'x', name: 'injector', path: '/' } };
const configuration = (name: string, ...entries: string[]) => ({
  metadata: { name },
  webhooks: entries.map((entry) => ({ name: entry, rules: RULES, clientConfig: CLIENT })),
});
const CONFIGURATIONS = [
  configuration('istio-sidecar-injector', 'namespace.sidecar-injector.istio.io'),
  configuration('dapr-sidecar-injector', 'sidecar-injector.dapr.io', 'other.dapr.io'),
  configuration('evil', 'sidecar-injector.dapr.io'),
];

for (const [name, source, entries] of [
  ['Istio’s own by their suffix', ISTIO, ['istio-sidecar-injector/namespace.sidecar-injector.istio.io']],
  ['of another project the one that the policy names', dapr, ['dapr-sidecar-injector/sidecar-injector.dapr.io']],
  ['none where the policy says the image', vault(), []],
] as const) {
  test(`webhooks that are asked: ${name}`, () =>
    assert.deepEqual(
      injectorEntries(CONFIGURATIONS, source).map((one) => `${one.configuration}/${one.name}`),
      entries,
    ));
}

/** A mesh of these sources, with the configurations above. */
function meshOf(
  sources: readonly SidecarSource[],
  deployments: object[] = [],
  configurations: readonly RawConfiguration[] = CONFIGURATIONS,
): Mesh {
  const objects = {
    configurations: () => configurations,
    namespaces: () => [{ metadata: { name: 'shop', labels: { team: 'payments' } } }],
    proxyConfigs: () => [],
    deployments: () => deployments,
    services: () => [],
    configMap: (): ConfigMap | undefined => undefined,
  };
  return new MeshAssembly(objects, [], undefined, () => sources).mesh();
}

const named = (name: string, match: SidecarSource['match'], container = 'vault-agent') =>
  byImage.sourceOf({ name, container, ...(match && { match }) }, `${name}:1`);
const PAYMENTS = [{ namespaceLabels: { matchLabels: { team: 'payments' } } }];
const OTHERS = [{ namespaces: ['bank'] }];
const missing = byWebhook.sourceOf({ name: 'linkerd', container: 'linkerd-proxy' }, 'linkerd/injector.linkerd.io');

const MATCHES: readonly [name: string, sources: readonly SidecarSource[], matches: string[]][] = [
  ['each source that is about the workload', [ISTIO, dapr, vault()], ['istio entry', 'dapr entry', 'vault entry']],
  ['filters of the policy', [named('a', PAYMENTS), named('b', OTHERS, 'b')], ['a entry']],
  [
    'for one container the first that matches',
    [named('b', OTHERS), named('a', PAYMENTS), named('c', undefined)],
    ['a entry'],
  ],
  ['none is about it', [named('b', OTHERS)], ['istio none']],
  ['a webhook that the cluster does not have', [missing], ['linkerd none']],
];

for (const [name, sources, expected] of MATCHES) {
  test(`sources of a workload: ${name}`, () => {
    const found = matchesOf(meshOf(sources), workload());
    assert.deepEqual(
      found.map(({ source, match }) => `${source?.name ?? 'istio'} ${match.kind}`),
      expected,
    );
  });
}

test('right before a restart, a source that is no longer about the workload injects nothing', () => {
  const filtered = named('b', OTHERS);
  assert.equal(matchOf(meshOf([filtered]), workload(), filtered).kind, 'none');
});

test('restarts that only remove a sidecar are a run of each source', () => {
  const runs = nobodiesOf(meshOf([ISTIO, dapr])).map(({ run }) => run);
  assert.deepEqual(runs, [nobody(undefined).run, nobody(dapr).run]);
});

test('a source is asked about no webhook but its own', () => {
  const mesh = meshOf([ISTIO, dapr, vault()]);
  const asked = matchesOf(mesh, workload()).flatMap(
    ({ match }) => questionOf(mesh, { workload: workload(), templateHash: 't', match })?.injection.entry ?? [],
  );
  assert.deepEqual(
    asked.map(({ configuration, name }) => `${configuration}/${name}`),
    ['istio-sidecar-injector/namespace.sidecar-injector.istio.io', 'dapr-sidecar-injector/sidecar-injector.dapr.io'],
  );
});

test('two sources that ask one webhook keep answers apart', () => {
  const other = { ...dapr, name: 'other', container: 'other' };
  const [one, two] = [dapr, other].map((source) => injectionOf(DAPR_ENTRY, { source }));
  assert.notEqual(one?.epoch, two?.epoch);
});

test('the answer is read for the container of its source', () => {
  const pod = { spec: { containers: [{ name: 'app', image: 'app:1' }] } };
  const patch = [
    { op: 'add', path: '/spec/containers/-', value: { name: 'daprd', image: 'daprd:1.14' } },
    { op: 'add', path: '/spec/containers/-', value: { name: 'istio-proxy', image: 'proxyv2:1' } },
  ];
  const response = { allowed: true, patchType: 'JSONPatch', patch: btoa(JSON.stringify(patch)) };
  const images = [{ name: 'daprd', source: 'dapr' }, undefined, { name: 'absent', source: 'absent' }].map(
    (container) => {
      const answer = readAnswer(pod, { response }, container);
      return answer.kind === 'sidecar' ? answer.sidecar : answer.kind;
    },
  );
  assert.deepEqual(images, [
    { image: 'daprd:1.14', revision: '', placement: 'container', source: 'dapr' },
    { image: 'proxyv2:1', revision: '', placement: 'container' },
    'no-sidecar',
  ]);
});

const deployment = (spec: object, status: object) => ({
  metadata: { name: 'injector', namespace: 'vault', generation: 1 },
  spec: { replicas: 2, template: {}, ...spec },
  status: { observedGeneration: 1, ...status },
});
const DONE = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };

const READY: readonly [name: string, deployments: object[], problem: RegExp | undefined][] = [
  ['a complete rollout is ready', [deployment({}, DONE)], undefined],
  ['no such Deployment', [], /does not exist, or cannot be read/],
  [
    'one in the middle of a rollout',
    [deployment({}, { ...DONE, replicas: 3, updatedReplicas: 1 })],
    /1 updated and 2 available of 2/,
  ],
  ['one without replicas', [deployment({ replicas: 0 }, {})], /has no replicas/],
  ['one that its controller has not seen yet', [deployment({}, { ...DONE, observedGeneration: 0 })], /is rolling out/],
];

for (const [name, deployments, problem] of READY) {
  test(`readyFirst: ${name}`, () => {
    const source = { ...vault(), readyFirst: [{ namespace: 'vault', name: 'injector' }] };
    const [injection] = meshOf([source], deployments).injections;
    const [found] = injection?.notReady ?? [];
    if (problem) assert.match(found?.problem ?? '', problem);
    else assert.equal(found, undefined);
  });
}

const labelled = (labels: Record<string, string>) => workload({ template: { labels, annotations: {}, spec: {} } });
/** Istio's and Dapr's entries, none of which has a selector. */
const all = meshOf([ISTIO, dapr]);
const NOTHING: Mesh = { ...all, injections: [] };
/** Istio's entry alone, which selects no pod. */
const unselecting = ({ entry, ...rest }: Injection): Injection => ({
  ...rest,
  ...(entry && { entry: { ...entry, objectSelector: { matchLabels: { never: 'x' } } } }),
});
const UNSELECTING: Mesh = { ...all, injections: all.injections.map(unselecting) };
const INJECTOR = 'namespace.sidecar-injector.istio.io';
const CANARY = {
  ...configuration('istio-canary', INJECTOR),
  metadata: { name: 'istio-canary', labels: { 'istio.io/rev': 'canary' } },
};
const RESTART_ORPHANS = { restartOn: new Set(['orphaned'] as const) };
const doubts: [string, Mesh, Record<string, string>, (string | undefined)[]][] = [
  ['the selectors of all do not match', UNSELECTING, {}, [undefined, undefined]],
  [
    'a label still asks for Istio’s',
    UNSELECTING,
    { 'istio.io/rev': 'gone' },
    ['its labels ask for injection', undefined],
  ],
  ['there is no webhook', NOTHING, {}, ['the cluster has no injector', 'the cluster has no such webhook']],
  [
    'no source is about it',
    meshOf([byWebhook.sourceOf({ name: 'x', container: 'x', match: OTHERS }, 'a/b')]),
    {},
    ['the policy does not say which injector would inject it'],
  ],
];
for (const [name, mesh, labels, expectedDoubts] of doubts)
  test(`whether pods that nobody injects may lose their sidecar: ${name}`, () =>
    assert.deepEqual(
      matchesOf(mesh, labelled(labels)).map(({ match }) => (match.kind === 'none' ? match.doubt : match.kind)),
      expectedDoubts,
    ));

for (const [name, configurations, state] of [
  ['while its configuration is missing', [CANARY], 'skipped'],
  ['but where it is there and does not inject them any more', [CANARY, configuration('istio', INJECTOR)], 'outdated'],
] as const)
  test(`pods that were injected by default, without labels, lose no sidecar ${name}`, () => {
    const mesh = meshOf([ISTIO], [], configurations);
    const unlabelled = workload({ template: { labels: { app: 'web' }, annotations: {}, spec: {} } });
    const selecting = { ...mesh, injections: mesh.injections.map(unselecting) };
    const [{ match }] = matchesOf(selecting, unlabelled);
    const rules = { ...RESTART_ORPHANS, onDelete: 'evict' as const, compareHub: false, ignoreDigest: false };
    assert.equal(judge(unlabelled, match, undefined, [group()], rules).state, state);
  });

test('a question that reads the configuration is another one', () => {
  const one = { workload: workload(), templateHash: 'h', match: matchesOf(meshOf([ISTIO]), workload())[0].match };
  const keys = [false, true].map((config) => {
    const asked = questionOf(meshOf([ISTIO]), one, config);
    return asked && questionKey(asked);
  });
  assert.equal(`${keys[0]}+config`, keys[1]);
});
