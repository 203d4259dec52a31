import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { RIGHTS, type RightScope, STATUS_RIGHTS } from '../../src/cluster/rights.ts';
import { KINDS } from '../../src/kinds/kinds.ts';
import { JOBS } from '../../src/kinds/unsupportedKinds.ts';
import { grants } from '../contract/chart/grants.ts';
import { type Rule, rightsAt, rulesOf } from '../contract/chart/rightsTemplate.ts';
import { type Manifest, only, ownClusterRole, render, type Values } from './chart.ts';

const rulesIn = (manifests: readonly Manifest[], namespace: string): Rule[] =>
  manifests
    .filter(({ kind, metadata }) => kind === 'Role' && metadata.namespace === namespace)
    .flatMap((one) => one.rules);

/** The rights of an installation with a default policy. */
const expected = (scoped: boolean, ...places: RightScope[]): Set<string> =>
  grants(rulesOf(places.flatMap((place) => rightsAt(place, scoped)).filter(({ when }) => when !== 'sidecars')));

test('for the whole cluster: workloads everywhere, configuration only where Istio is, the Lease only at home', async () => {
  const manifests = await render({ istioNamespaces: ['istio-system', 'istio-two'] });
  assert.deepEqual(grants(ownClusterRole(manifests).rules), expected(false, 'cluster'));
  assert.deepEqual(grants(rulesIn(manifests, 'istio-system')), expected(false, 'istio'));
  assert.deepEqual(grants(rulesIn(manifests, 'istio-two')), expected(false, 'istio'));
  assert.deepEqual(grants(rulesIn(manifests, 'ops')), expected(false, 'own'));
});

test('for some namespaces: no right to write outside of them, and in the cluster only to what has no namespace', async () => {
  const manifests = await render({ namespaces: ['shop', 'bank'] });
  const cluster = grants(ownClusterRole(manifests).rules);
  assert.deepEqual(cluster, expected(true, 'cluster'));
  assert.deepEqual(
    [...cluster].filter((one) => !/^(get|list|watch) /.test(one)),
    ['create authentication.k8s.io/tokenreviews', 'create authorization.k8s.io/subjectaccessreviews'],
  );
  for (const namespace of ['shop', 'bank'])
    assert.deepEqual(grants(rulesIn(manifests, namespace)), expected(true, 'namespaces'));
  assert.deepEqual(grants(rulesIn(manifests, 'istio-system')), expected(true, 'istio'));
  assert.deepEqual(grants(rulesIn(manifests, 'ops')), expected(true, 'own'));
});

test('a namespace that is several things gets one Role for all of them', async () => {
  const manifests = await render({ namespaces: ['ops'], istioNamespaces: ['ops'] });
  assert.deepEqual(grants(only(manifests, 'Role').rules), expected(true, 'own', 'istio', 'namespaces'));
});

test('token reviews need rights only if metrics are secured, and only readers with the role may read them', async () => {
  const manifests = await render({ config: { metricsSecure: false } });
  assert.deepEqual(
    grants(ownClusterRole(manifests).rules),
    grants(rulesOf(rightsAt('cluster', false).filter(({ when }) => when !== 'authorizes' && when !== 'sidecars'))),
  );
  assert.equal(manifests.filter(({ kind }) => kind === 'ClusterRole').length, 1);
  const reader = (await render()).find(({ metadata }) => metadata.name.endsWith('-metrics-reader'));
  assert.deepEqual(reader?.rules, [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]);
});

test('readers of the metrics that values name are bound to that role, and to no other', async () => {
  const prometheus = { namespace: 'monitoring', name: 'prometheus-k8s' };
  const bindings = async (values: Values): Promise<Manifest[]> =>
    (await render({ rbac: { metricsReaders: [prometheus] }, ...values })).filter(
      ({ kind, subjects }) => kind === 'ClusterRoleBinding' && subjects[0].name === prometheus.name,
    );
  const [binding, ...others] = await bindings({});
  assert.equal(others.length, 0);
  assert.deepEqual(binding?.subjects, [{ kind: 'ServiceAccount', ...prometheus }]);
  assert.equal(binding?.roleRef.name, 'ops:meltemi-metrics-reader');
  assert.deepEqual(await bindings({ config: { metricsSecure: false } }), [], 'plain metrics need no right');
});

test('readers of the status page that values name are bound to a role for its path, where it is not on loopback', async () => {
  const reader = { kind: 'ServiceAccount', namespace: 'sso', name: 'oauth2-proxy' };
  const values = { statusPage: { readers: [reader] }, config: { statusBindAddress: ':8082', metricsSecure: false } };
  const manifests = await render(values);
  const [role, binding, ...others] = manifests.filter(({ metadata }) => metadata.name.endsWith('-status-page-reader'));
  assert.deepEqual(others, []);
  assert.deepEqual(role?.rules, [{ nonResourceURLs: ['/status'], verbs: ['get'] }]);
  assert.deepEqual([binding?.subjects, binding?.roleRef.name], [[reader], role?.metadata.name]);
  const own = grants(ownClusterRole(manifests).rules);
  assert.ok(own.has('create authentication.k8s.io/tokenreviews'), 'Meltemi may ask who they are');
});

const TEAM = { kind: 'Group', name: 'mesh-readers' };
const readers = async (values: Values): Promise<Manifest[]> =>
  (await render({ statusReader: { create: true, subjects: [TEAM] }, ...values })).filter(({ metadata }) =>
    metadata.name.endsWith('-status-reader'),
  );
const ofStatus = (place: RightScope, scoped: boolean): Set<string> =>
  grants(rulesOf(rightsAt(place, scoped, STATUS_RIGHTS)));

test('readers of the status get a role of their own, without a right to write anything', async () => {
  const [role, binding, ...others] = await readers({});
  assert.deepEqual(others, []);
  assert.equal(role?.kind, 'ClusterRole');
  assert.deepEqual(grants(role?.rules ?? []), ofStatus('cluster', false));
  assert.ok([...ofStatus('cluster', false)].every((right) => /^(get|list|watch) /.test(right)));
  assert.deepEqual(binding?.subjects, [{ ...TEAM, apiGroup: 'rbac.authorization.k8s.io' }]);
  assert.equal(binding?.roleRef.name, role?.metadata.name);
});

test('where Meltemi manages some namespaces, readers may read those and its Lease', async () => {
  const manifests = await readers({ namespaces: ['shop'] });
  assert.deepEqual(new Set(manifests.map(({ kind }) => kind)), new Set(['Role', 'RoleBinding']));
  assert.deepEqual(grants(rulesIn(manifests, 'shop')), ofStatus('namespaces', true));
  assert.deepEqual(grants(rulesIn(manifests, 'ops')), ofStatus('own', true));
  assert.equal(manifests.filter(({ kind }) => kind === 'RoleBinding').length, 2);
});

test('no reader of the status is made unless values ask for it', async () =>
  assert.deepEqual(await readers({ statusReader: {} }), []));

const rightsWith = async (policy: object): Promise<Set<string>> => {
  const manifests = await render({ policy });
  const roles = [...ownClusterRole(manifests).rules, ...rulesIn(manifests, 'istio-system')];
  return grants(roles);
};
const ACCOUNTS =
  'get /serviceaccounts replicaset-controller statefulset-controller daemon-set-controller replication-controller';
const OF_ISTIO = ['list networking.istio.io/proxyconfigs', 'list /configmaps'];
const SIDECARS = [{ name: 'vault', container: 'vault-agent', image: 'vault:2' }];

test('other sidecars take the right to read the accounts that create pods', async () => {
  assert.ok((await rightsWith({ sidecars: SIDECARS })).has(ACCOUNTS));
  assert.ok(!(await rightsWith({})).has(ACCOUNTS));
});

test('without Istio its configuration may not be read', async () => {
  const without = await rightsWith({ istio: false, sidecars: SIDECARS });
  assert.deepEqual(
    OF_ISTIO.filter((right) => without.has(right)),
    [],
  );
  const usual = await rightsWith({});
  assert.deepEqual(
    OF_ISTIO.filter((right) => usual.has(right)),
    OF_ISTIO,
  );
});

for (const [value, right] of [
  ['argoRollouts', 'patch argoproj.io/rollouts'],
  ['flagger', 'list flagger.app/canaries'],
  ['eviction', 'create /pods/eviction'],
] as const)
  test(`${value}.enabled decides about: ${right}`, async () => {
    for (const enabled of [true, false]) {
      const whole = await render({ [value]: { enabled } });
      assert.equal(grants(ownClusterRole(whole).rules).has(right), enabled);
      const scoped = await render({ namespaces: ['shop'], [value]: { enabled } });
      assert.equal(grants(rulesIn(scoped, 'shop')).has(right), enabled);
      assert.ok(!grants(ownClusterRole(scoped).rules).has(right));
    }
  });

test('every right that a value of the chart grants is granted by default', async () => {
  const granted = grants(ownClusterRole(await render()).rules);
  const conditional = rightsAt('cluster', false).filter(({ when }) => when?.endsWith('.enabled'));
  assert.ok(conditional.length > 1);
  for (const right of grants(rulesOf(conditional))) assert.ok(granted.has(right), right);
});

test('every role is bound to the ServiceAccount, in its own namespace', async () => {
  const manifests = await render({ namespaces: ['shop'] });
  const bound = manifests
    .filter(({ kind }) => /RoleBinding$/.test(kind))
    .map(({ metadata, roleRef, subjects }) => {
      assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'meltemi', namespace: 'ops' }]);
      return `${roleRef.kind} ${metadata.namespace ?? ''}/${roleRef.name}`;
    });
  const roles = manifests
    .filter(({ kind, metadata }) => /Role$/.test(kind) && !metadata.name.endsWith('-metrics-reader'))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  assert.deepEqual(bound.sort(), roles.sort());
});

test('every kind that is read or written has a right, and none has without being', () => {
  const source = readFileSync('src/cluster/resources.ts', 'utf8');
  const others = [...source.matchAll(/^ {2}([a-z]+): \{ base/gm)].map(([, kind]) => kind);
  const kinds = [
    ...others,
    'pods/eviction',
    ...KINDS.flatMap(({ resource, through }) => [resource, ...(through ? [through.resource] : [])]),
    JOBS.resource,
  ];
  assert.deepEqual(new Set(RIGHTS.map(({ resource }) => resource)), new Set(kinds));
});

test('without evictions there is no right to evict, and the operator is told not to', async () => {
  const manifests = await render({ eviction: { enabled: false } });
  assert.ok(!JSON.stringify(ownClusterRole(manifests).rules).includes('pods/eviction'));
  assert.match(JSON.stringify(only(manifests, 'Deployment')), /"MELTEMI_ON_DELETE","value":"never"/);
  assert.doesNotMatch(JSON.stringify(only(await render(), 'Deployment')), /MELTEMI_ON_DELETE/);
});
