import assert from 'node:assert/strict';
import { type Manifest, only, ownClusterRole, render } from './chart.ts';

const LONG = 'l'.repeat(53);
const id = ({ kind, metadata: { namespace = '', name } }: Manifest): string => `${kind} ${namespace}/${name}`;
const ALL = {
  podDisruptionBudget: { enabled: true },
  networkPolicy: { enabled: true },
  prometheusRule: { enabled: true, force: true },
  grafanaDashboard: { enabled: true },
  serviceMonitor: { enabled: true, force: true },
};

for (const [what, values, rendering] of [
  ['a long release name', {}, { name: LONG }],
  ['a long fullnameOverride', { fullnameOverride: 'f'.repeat(200) }, {}],
  ['a long nameOverride', { nameOverride: 'n'.repeat(200) }, {}],
  ['a long namespace', {}, { name: LONG, namespace: 'n'.repeat(63) }],
] as const) {
  test(`${what} makes no name or label longer than 63`, async () => {
    for (const { kind, metadata } of await render({ ...ALL, ...values }, rendering)) {
      assert.ok(metadata.name.length <= 63, `${kind} ${metadata.name}`);
      assert.doesNotMatch(metadata.name, /[-.]$/);
      for (const value of Object.values(metadata.labels ?? {})) assert.ok(value.length <= 63, value);
    }
  });
}

test('names that are cut stay apart', async () => {
  const [first, second] = await Promise.all(
    ['a', 'b'].map((end) => render({ fullnameOverride: 'f'.repeat(70) + end })),
  );
  const common = (first ?? []).map(id).filter((one) => (second ?? []).map(id).includes(one));
  // the Lease has its name from the operator: two in one namespace are one operator, and Helm refuses the second
  assert.deepEqual(common, ['Lease ops/meltemi']);
});

test('two releases of one name in different namespaces share no object', async () => {
  const releases = await Promise.all(['team-a', 'team-b'].map((namespace) => render(ALL, { namespace })));
  const [first = [], second = []] = releases.map((release) => release.map(id));
  assert.deepEqual(
    first.filter((one) => second.includes(one)),
    [],
  );
});

test('a namespaceOverride is as if the release were in that namespace', async () =>
  assert.deepEqual(
    await render({ ...ALL, namespaceOverride: 'mesh-tools' }),
    await render(ALL, { namespace: 'mesh-tools' }),
  ));

test('no two pairs of namespace and release come to one name', async () => {
  const pairs = [
    { namespace: 'a-b', name: 'c-meltemi' },
    { namespace: 'a', name: 'b-c-meltemi' },
  ];
  const [first, second] = await Promise.all(pairs.map((pair) => render({}, pair)));
  assert.notEqual(ownClusterRole(first ?? []).metadata.name, ownClusterRole(second ?? []).metadata.name);
});

test('a release that is not called after the product carries its name all the same', async () =>
  assert.equal(only(await render({}, { name: 'prod' }), 'Deployment').metadata.name, 'prod-meltemi'));

test('two releases do not select each other’s pods', async () => {
  const [one, other] = await Promise.all(['one', 'other'].map((name) => render({}, { name })));
  assert.notDeepEqual(
    only(one ?? [], 'Deployment').spec.selector.matchLabels,
    only(other ?? [], 'Deployment').spec.selector.matchLabels,
  );
});

test('names and namespaces stay texts where YAML would take them for something else', async () => {
  const [first, second, third] = ['2026', '1e3', '0777'] as const;
  const account = { namespace: third, name: first };
  const reader = { kind: 'ServiceAccount', ...account };
  const values = {
    ...ALL,
    nameOverride: third,
    fullnameOverride: first,
    namespaces: [second],
    istioNamespaces: [third],
    rbac: { metricsReaders: [account] },
    statusReader: { create: true, subjects: [reader] },
    config: { statusBindAddress: ':8082' },
    statusPage: { readers: [reader] },
  };
  const manifests = await render(values, { name: second, namespace: first });
  const named = manifests.flatMap(({ metadata, roleRef, subjects = [] }) => [metadata, roleRef ?? {}, ...subjects]);
  const { template } = only(manifests, 'Deployment').spec;
  const { serviceAccountName, volumes } = template.spec;
  for (const { name = '', namespace = '' } of [...named, { name: serviceAccountName, ...volumes[0].configMap }])
    assert.deepEqual([typeof name, typeof namespace], ['string', 'string'], `${namespace}/${name}`);
  const labels = manifests.flatMap(({ metadata }) => Object.values(metadata.labels ?? {}));
  const [group] = only(manifests, 'PrometheusRule').spec.groups;
  for (const text of [...labels, group.name]) assert.equal(typeof text, 'string', String(text));
});
