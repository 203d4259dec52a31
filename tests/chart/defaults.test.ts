import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { VERSION } from '../../src/version.ts';
import { container as containerOf, only, ownClusterRole, render } from './chart.ts';
import { defaultRendering, RENDERING } from './defaultRendering.ts';

const manifests = await render();
const deployment = only(manifests, 'Deployment');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

test('by default there are these objects and no others', () => {
  const objects = manifests.map(({ kind, metadata: { namespace = '', name } }) => `${kind} ${namespace}/${name}`);
  assert.deepEqual(objects.sort(), [
    'ClusterRole /ops:meltemi',
    'ClusterRole /ops:meltemi-metrics-reader',
    'ClusterRoleBinding /ops:meltemi',
    'ConfigMap ops/meltemi-policy',
    'Deployment ops/meltemi',
    'Lease ops/meltemi',
    'Role istio-system/ops:meltemi',
    'Role ops/ops:meltemi',
    'RoleBinding istio-system/ops:meltemi',
    'RoleBinding ops/ops:meltemi',
    'Service ops/meltemi',
    'ServiceAccount ops/meltemi',
  ]);
});

test('every object has the recommended labels', () => {
  const wanted = {
    'app.kubernetes.io/name': 'meltemi',
    'app.kubernetes.io/instance': 'meltemi',
    'app.kubernetes.io/component': 'operator',
    'app.kubernetes.io/part-of': 'meltemi',
    'app.kubernetes.io/managed-by': 'Helm',
    'app.kubernetes.io/version': VERSION,
    'helm.sh/chart': `meltemi-${VERSION}`,
  };
  for (const { metadata } of manifests) assert.deepEqual(metadata.labels, wanted, metadata.name);
});

test('selectors hold only what no upgrade changes', () =>
  assert.deepEqual(deployment.spec.selector.matchLabels, {
    'app.kubernetes.io/name': 'meltemi',
    'app.kubernetes.io/instance': 'meltemi',
    'app.kubernetes.io/component': 'operator',
  }));

test('the pod meets the restricted Pod Security Standard and pins no user', () => {
  assert.deepEqual(pod.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});

test('probes have a port and paths of their own', () => {
  assert.deepEqual(container.ports, [
    { name: 'https-metrics', containerPort: 8080 },
    { name: 'http-health', containerPort: 8081 },
  ]);
  assert.deepEqual(container.livenessProbe.httpGet, { path: '/livez', port: 'http-health' });
  assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'http-health' });
});

test('probes take their timing from values, and nothing else', async () => {
  const { livenessProbe, readinessProbe } = containerOf(
    await render({ livenessProbe: { failureThreshold: 9 }, readinessProbe: { initialDelaySeconds: 3 } }),
  );
  assert.deepEqual(livenessProbe, { ...container.livenessProbe, failureThreshold: 9 });
  assert.deepEqual(readinessProbe, { ...container.readinessProbe, initialDelaySeconds: 3 });
});

test(`what is rendered by default stands in ${RENDERING}, which npm run rendering writes`, async () =>
  assert.equal(readFileSync(RENDERING, 'utf8'), await defaultRendering()));

test('the operator is left to its own defaults', () => {
  assert.deepEqual(container.args, ['/app/meltemi.js', 'run']);
  assert.deepEqual(container.env, [{ name: 'MELTEMI_POLICY', value: '/etc/meltemi/policy.yaml' }]);
});

test('the policy is there, though empty, so that filling it needs no restart', () => {
  assert.equal(only(manifests, 'ConfigMap').data['policy.yaml'].trim(), '{}');
  assert.deepEqual(container.volumeMounts, [{ name: 'policy', mountPath: '/etc/meltemi', readOnly: true }]);
  assert.deepEqual(pod.volumes, [{ name: 'policy', configMap: { name: 'meltemi-policy' } }]);
  assert.equal(deployment.spec.template.metadata.annotations, undefined);
});

test('the chart owns the Lease, but not its holder', () => {
  const { spec, metadata } = only(manifests, 'Lease');
  assert.equal(spec, undefined);
  assert.equal(metadata.annotations, undefined);
});

test('the token is asked for by the Deployment alone', () => {
  assert.equal(only(manifests, 'ServiceAccount').automountServiceAccountToken, false);
  assert.equal(pod.automountServiceAccountToken, true);
});

test('spread constraints without a selector get that of the pods', () =>
  assert.deepEqual(
    pod.topologySpreadConstraints.map((one: { labelSelector: unknown }) => one.labelSelector),
    [{ matchLabels: deployment.spec.selector.matchLabels }],
  ));

test('no wildcard, no secrets, no ConfigMaps of the whole cluster', () => {
  const rules = [ownClusterRole(manifests), ...manifests.filter(({ kind }) => kind === 'Role')].flatMap(
    (role) => role.rules,
  );
  const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
  assert.ok(!words.includes('*') && !words.includes('secrets'));
  const everywhere = ownClusterRole(manifests).rules.flatMap(({ resources }: { resources: string[] }) => resources);
  assert.ok(!everywhere.includes('configmaps') && !everywhere.includes('leases'));
});
