import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { readPolicy } from '../../src/cli/policyFile.ts';
import { envOf } from '../../src/cli/setting.ts';
import { POLICY_NAMES, SETTINGS } from '../../src/cli/settings.ts';
import { VERSION } from '../../src/version.ts';
import { CONFIG_VALUES, POLICY_VALUES } from '../contract/chart/flagValues.ts';
import { settingSchema } from '../contract/chart/settingSchema.ts';
import { container, type Manifest, only, type Rendering, render, type Values } from './chart.ts';

const MONITORING = 'monitoring.coreos.com/v1';
const TOKEN = { authorization: { credentials: { name: 'token', key: 'token' } } };
const kinds = (manifests: readonly Manifest[]): string[] => manifests.map(({ kind }) => kind);

const WITHOUT_METRICS: Values = { service: { enabled: false } };
const PAGE: Values = { config: { statusBindAddress: ':8082' } };

/** What makes a kind, and what leaves it out. */
const MADE: Readonly<Record<string, readonly { on: Values; off: Values; rendering?: Rendering }[]>> = {
  ClusterRole: [{ on: {}, off: { rbac: { create: false } } }],
  ClusterRoleBinding: [{ on: {}, off: { rbac: { create: false } } }],
  Role: [{ on: {}, off: { rbac: { create: false } } }],
  RoleBinding: [{ on: {}, off: { rbac: { create: false } } }],
  ServiceAccount: [{ on: {}, off: { serviceAccount: { create: false, name: 'mine' } } }],
  Service: [
    { on: {}, off: { service: { enabled: false } } },
    { on: {}, off: { config: { metricsBindAddress: '0' } } },
    { on: { ...WITHOUT_METRICS, ...PAGE }, off: WITHOUT_METRICS },
    {
      on: { ...WITHOUT_METRICS, ...PAGE },
      off: { ...WITHOUT_METRICS, ...PAGE, statusPage: { service: { enabled: false } } },
    },
    {
      on: { ...WITHOUT_METRICS, ...PAGE },
      off: { ...WITHOUT_METRICS, config: { statusBindAddress: '127.0.0.1:8082' } },
    },
  ],
  PodDisruptionBudget: [{ on: { podDisruptionBudget: { enabled: true } }, off: {} }],
  NetworkPolicy: [{ on: { networkPolicy: { enabled: true } }, off: {} }],
  ServiceMonitor: [{ on: { serviceMonitor: { enabled: true } }, off: {}, rendering: { serves: [MONITORING] } }],
  PodMonitor: [
    { on: { podMonitor: { enabled: true, endpoint: TOKEN } }, off: {}, rendering: { serves: [MONITORING] } },
  ],
  PrometheusRule: [{ on: { prometheusRule: { enabled: true } }, off: {}, rendering: { serves: [MONITORING] } }],
};

for (const [kind, switches] of Object.entries(MADE)) {
  for (const { on, off, rendering } of switches) {
    test(`${kind}: with ${JSON.stringify(on)}, not with ${JSON.stringify(off)}`, async () => {
      assert.ok(kinds(await render(on, rendering)).includes(kind));
      assert.ok(!kinds(await render(off, rendering)).includes(kind));
    });
  }
}

for (const value of ['serviceMonitor', 'podMonitor', 'prometheusRule']) {
  test(`${value} is left out where the cluster does not know the kind, unless forced`, async () => {
    const kind = value.replace(/^./, (letter) => letter.toUpperCase());
    assert.ok(!kinds(await render({ [value]: { enabled: true } })).includes(kind));
    assert.ok(
      kinds(
        await render({ [value]: { enabled: true, force: true, ...(value === 'podMonitor' && { endpoint: TOKEN }) } }),
      ).includes(kind),
    );
  });
}

for (const [what, image, expected] of [
  ['the tag is the chart’s appVersion', {}, `ghcr.io/meltemi-mesh/meltemi:${VERSION}`],
  ['a tag', { tag: 'v9' }, 'ghcr.io/meltemi-mesh/meltemi:v9'],
  [
    'a digest wins over a tag',
    { tag: 'v9', digest: `sha256:${'a'.repeat(64)}` },
    `ghcr.io/meltemi-mesh/meltemi@sha256:${'a'.repeat(64)}`,
  ],
  ['another repository', { repository: 'registry.local/m' }, `registry.local/m:${VERSION}`],
  ['another registry', { registry: 'harbor.corp/ghcr' }, `harbor.corp/ghcr/meltemi-mesh/meltemi:${VERSION}`],
  ['a registry with a port', { registry: 'localhost:5000' }, `localhost:5000/meltemi-mesh/meltemi:${VERSION}`],
  [
    'a registry for a repository without one',
    { registry: 'harbor.corp', repository: 'mesh/meltemi' },
    `harbor.corp/mesh/meltemi:${VERSION}`,
  ],
] as const) {
  test(`image: ${what}`, async () => assert.equal(container(await render({ image })).image, expected));
}

test('image: the registry of an umbrella chart, unless this chart names its own', async () => {
  const global = { imageRegistry: 'harbor.corp' };
  assert.equal(container(await render({ global })).image, `harbor.corp/meltemi-mesh/meltemi:${VERSION}`);
  const own = await render({ global, image: { registry: 'quay.io' } });
  assert.equal(container(own).image, `quay.io/meltemi-mesh/meltemi:${VERSION}`);
});

test('the Deployment has annotations of its own, and as many old ReplicaSets as asked for', async () => {
  const manifests = await render({
    deploymentAnnotations: { 'reloader.stakater.com/auto': 'true' },
    revisionHistoryLimit: 2,
  });
  const { metadata, spec } = only(manifests, 'Deployment');
  assert.deepEqual([metadata.annotations, spec.revisionHistoryLimit], [{ 'reloader.stakater.com/auto': 'true' }, 2]);
  assert.equal(spec.template.metadata.annotations, undefined);
});

test('secretMounts mounts each Secret whole, so that the kubelet keeps its files up to date', async () => {
  const mounts = [
    { name: 'prometheus-token', mountPath: '/etc/prometheus' },
    { name: `slack.${'x'.repeat(100)}`, mountPath: '/etc/slack' },
  ];
  const manifests = await render({ secretMounts: mounts });
  const { volumes } = only(manifests, 'Deployment').spec.template.spec;
  const { volumeMounts } = container(manifests);
  assert.deepEqual(
    mounts.map(({ name }) => volumes.find(({ secret }: Manifest) => secret?.secretName === name)?.name),
    ['secret-0', 'secret-1'],
  );
  assert.deepEqual(volumeMounts.slice(1), [
    { name: 'secret-0', mountPath: '/etc/prometheus', readOnly: true },
    { name: 'secret-1', mountPath: '/etc/slack', readOnly: true },
  ]);
});

/** What settings take that are no durations, by the placeholder of their value. */
const TEXTS: Readonly<Record<string, string>> = { address: ':9999', url: 'https://meltemi.example.com' };

/** A value for a setting, and what the operator is to read. */
function sampleOf({ setting }: (typeof CONFIG_VALUES)[number]): [value: unknown, text: string] {
  const {
    type,
    enum: words,
    items,
  } = settingSchema(setting) as { type: string[]; enum?: string[]; items?: { enum?: string[] } };
  if (type.includes('boolean')) return [setting.default !== 'true', String(setting.default !== 'true')];
  if (type.includes('array')) {
    const list = items?.enum?.slice(0, 2) ?? ['one', 'two'];
    return [list, list.join(',')];
  }
  if (words) return [words[1], String(words[1])];
  if (type.includes('integer')) return [999_999, '999999'];
  const text = TEXTS[setting.value ?? ''] ?? '77s';
  return [text, text];
}

test('every setting reaches the operator by one variable, which its flag reads', async () => {
  const samples = [...CONFIG_VALUES, ...POLICY_VALUES].map((one) => ({ ...one, sample: sampleOf(one) }));
  const config = Object.fromEntries(samples.map(({ name, sample: [value] }) => [name, value]));
  const { env } = container(await render({ config })) as { env: { name: string; value: string }[] };
  const given = env.filter(({ name }) => name !== 'MELTEMI_POLICY');
  const expected = samples.map(({ name, sample: [, text] }) => ({ name: envOf(name), value: text }));
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  assert.deepEqual(given.sort(byName), expected.sort(byName));
  for (const { setting, sample } of samples) assert.doesNotThrow(() => setting.parse(sample[1]));
});

for (const [what, config, expected] of [
  ['null leaves it to the operator', { skipNamespaces: null, maxInFlight: null, leaderElect: null }, {}],
  ['so does an empty text', { skipNamespaces: '', logLevel: '', restartDelay: '' }, {}],
  ['an empty list is none', { skipNamespaces: [] }, { MELTEMI_SKIP_NAMESPACES: '' }],
  ['false is said', { leaderElect: false }, { MELTEMI_LEADER_ELECT: 'false' }],
  ['zero is said', { maxRestartsPerMinute: 0 }, { MELTEMI_MAX_RESTARTS_PER_MINUTE: '0' }],
  ['a list may be a text', { skipNamespaces: 'a,b' }, { MELTEMI_SKIP_NAMESPACES: 'a,b' }],
] as const) {
  test(`config: ${what}`, async () => {
    const { env } = container(await render({ config })) as { env: { name: string; value: string }[] };
    const said = env.filter(({ name }) => name !== 'MELTEMI_POLICY').map(({ name, value }) => [name, value]);
    assert.deepEqual(Object.fromEntries(said), expected);
  });
}

test('without election the old replica ends before the new one starts', async () => {
  const { spec } = only(await render({ config: { leaderElect: false } }), 'Deployment');
  assert.deepEqual(spec.strategy, { type: 'Recreate' });
  assert.equal(only(await render({ replicaCount: 3 }), 'Deployment').spec.strategy, undefined);
});

test('without health checks there are no probes, and ports follow the addresses', async () => {
  const { ports, livenessProbe, readinessProbe } = container(
    await render({ config: { healthProbeBindAddress: '0', metricsBindAddress: '[::]:9090' } }),
  );
  assert.deepEqual(
    [ports, livenessProbe, readinessProbe],
    [[{ name: 'https-metrics', containerPort: 9090 }], undefined, undefined],
  );
});

for (const [what, paused, expected] of [
  ['no pause', '', undefined],
  ['a reason', 'change freeze', { 'meltemi.dev/paused': 'change freeze' }],
  ['no reason', true, { 'meltemi.dev/paused': 'true' }],
  ['false is no pause', false, undefined],
] as const) {
  test(`paused: ${what}`, async () => {
    const manifests = await render({ paused, policy: { maxInFlight: 3 } });
    assert.deepEqual(only(manifests, 'Lease').metadata.annotations, expected);
    const policy = parse(only(manifests, 'ConfigMap').data['policy.yaml'] ?? '');
    const reason = expected?.['meltemi.dev/paused'];
    assert.deepEqual(policy, { maxInFlight: 3, ...(reason !== undefined && { paused: reason }) });
  });
}

test('the operator reads the policy as it was given', async () => {
  const settings = POLICY_NAMES.map((name) => {
    const [value, text] = sampleOf({ name, setting: SETTINGS[name] });
    return { name, value, expected: SETTINGS[name].parse(text) };
  });
  const exclude = [{ namespaces: ['batch-*'] }, { labels: 'tier=db' }];
  const policy = { ...Object.fromEntries(settings.map(({ name, value }) => [name, value])), exclude };
  const reading = readPolicy(only(await render({ policy }), 'ConfigMap').data['policy.yaml']);
  assert.ok('policy' in reading, JSON.stringify(reading));
  for (const { name, expected } of settings) assert.deepEqual(reading.policy[name], expected, name);
  assert.equal(reading.policy.exclude?.length, 2);
});

const WINDOWS = `policy:
  windows:
    - name: nights
      days: [Mon-Thu]
      start: 22:00
      end: 05:00
      timeZone: Europe/Athens
  freezes:
    - { name: year-end, from: 2026-12-20T00:00, to: 2027-01-04T00:00, timeZone: Europe/Athens }
  urgent:
    - images: ['*/proxyv2:1.31.2*']
`;

test('times reach the operator as they were written, without quotes too', async () => {
  const reading = readPolicy(only(await render({}, { yaml: WINDOWS }), 'ConfigMap').data['policy.yaml']);
  const direct = readPolicy(WINDOWS.replace(/^policy:\n/, '').replace(/^ {2}/gm, ''));
  assert.ok('policy' in reading && 'policy' in direct, JSON.stringify([reading, direct]));
  assert.deepEqual(reading.policy, direct.policy);
  assert.equal(reading.policy.windows?.[0]?.start, 22 * 60 * 60_000);
});

test('namespaces are named to the operator, and with them those where it may look for istiods', async () => {
  const said = async (values: Values) =>
    (container(await render(values)).env as { name: string; value: string }[])
      .filter(({ name }) => /NAMESPACES$/.test(name))
      .map(({ name, value }) => `${name}=${value}`);
  assert.deepEqual(await said({ istioNamespaces: ['a', 'b'] }), []);
  assert.deepEqual(await said({ namespaces: ['shop', 'bank'], istioNamespaces: ['a', 'b'] }), [
    'MELTEMI_NAMESPACES=shop,bank',
    'MELTEMI_ISTIO_NAMESPACES=a,b',
  ]);
});

test('a change of the policy changes no pod', async () => {
  const [before, after] = await Promise.all([{}, { maxInFlight: 10 }].map((policy) => render({ policy })));
  assert.deepEqual(only(after ?? [], 'Deployment'), only(before ?? [], 'Deployment'));
});

test('terms of affinity without a selector get that of the pods, others keep theirs', async () => {
  const other = { matchLabels: { app: 'other' } };
  const affinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }],
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }],
    },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: other }] },
  };
  const { spec } = only(await render({ affinity }), 'Deployment');
  const { podAntiAffinity: anti, podAffinity } = spec.template.spec.affinity;
  const [required] = anti.requiredDuringSchedulingIgnoredDuringExecution;
  const [preferred] = anti.preferredDuringSchedulingIgnoredDuringExecution;
  assert.deepEqual(required.labelSelector, spec.selector);
  assert.deepEqual(preferred.podAffinityTerm.labelSelector, spec.selector);
  assert.deepEqual(podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector, other);
});

test('the network policy lets in scrapes and probes, and out to DNS, API server and injectors', async () => {
  const values = { networkPolicy: { enabled: true, metricsFrom: [{ podSelector: {} }] } };
  const { spec } = only(await render(values), 'NetworkPolicy');
  assert.deepEqual(spec.ingress, [
    { ports: [{ port: 8080 }], from: [{ podSelector: {} }] },
    { ports: [{ port: 8081 }] },
  ]);
  const ports = spec.egress.flatMap((rule: { ports: { port: number }[] }) => rule.ports.map(({ port }) => port));
  assert.deepEqual(ports, [53, 53, 443, 6443, 15017, 443]);
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
});

test('the status page gets a port, a Service in front of it, and a rule of the network policy', async () => {
  const from = [{ namespaceSelector: { matchLabels: { team: 'mesh' } } }];
  const manifests = await render({ ...PAGE, networkPolicy: { enabled: true, statusFrom: from } });
  const service = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'meltemi-status');
  assert.deepEqual(service?.spec.ports, [{ name: 'https-status', port: 443, targetPort: 'https-status' }]);
  assert.deepEqual(
    container(manifests).ports.find(({ name }: { name: string }) => name === 'https-status'),
    { name: 'https-status', containerPort: 8082 },
  );
  const { spec } = only(manifests, 'NetworkPolicy');
  assert.deepEqual(spec.ingress[1], { ports: [{ port: 8082 }], from });
});

for (const address of ['127.0.0.1:8082', 'localhost:8082', '[::1]:8082', '0']) {
  test(`a status page on ${address} opens nothing to the network`, async () => {
    const values = { networkPolicy: { enabled: true }, statusPage: { readers: [{ kind: 'Group', name: 'mesh' }] } };
    const page = await render({ ...values, config: { statusBindAddress: address } });
    const apart = (manifests: readonly Manifest[]): string =>
      JSON.stringify(manifests).replace(/\{"name":"MELTEMI_STATUS_BIND_ADDRESS","value":"[^"]*"\},?/, '');
    assert.equal(apart(page), apart(await render(values)));
  });
}

for (const [what, endpoint, config, expected] of [
  [
    'by Prometheus’ own token, without looking at a certificate that proves nothing',
    {},
    {},
    {
      port: 'https-metrics',
      scheme: 'https',
      tlsConfig: { insecureSkipVerify: true },
      bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    },
  ],
  [
    'by a given token and authority',
    { ...TOKEN, tlsConfig: { serverName: 'meltemi' } },
    {},
    { port: 'https-metrics', scheme: 'https', tlsConfig: { serverName: 'meltemi' }, ...TOKEN },
  ],
  ['in the open', {}, { metricsSecure: false }, { port: 'http-metrics' }],
] as const) {
  test(`a ServiceMonitor scrapes ${what}`, async () => {
    const manifests = await render({
      serviceMonitor: { enabled: true, force: true, endpoint, interval: '9s' },
      config,
    });
    const monitor = only(manifests, 'ServiceMonitor');
    assert.deepEqual(monitor.spec.endpoints, [{ path: '/metrics', interval: '9s', ...expected }]);
    const service = only(manifests, 'Service');
    assert.equal(service.spec.ports[0].name, expected.port);
    for (const [label, value] of Object.entries(monitor.spec.selector.matchLabels))
      assert.equal(service.metadata.labels?.[label], value);
  });
}

test('extra objects are rendered, also as templates', async () => {
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'plain' } };
  const text = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-templated';
  const made = (await render({ extraObjects: [object, text] })).filter(({ kind }) => kind === 'Secret');
  assert.deepEqual(
    made.map(({ metadata }) => metadata.name),
    ['plain', 'meltemi-templated'],
  );
});

/** With what makes the objects that use them. */
const WITH: Values = {
  serviceMonitor: { enabled: true, force: true },
  prometheusRule: { enabled: true, force: true },
  grafanaDashboard: { enabled: true },
  networkPolicy: { enabled: true },
};
for (const key of ['global', 'commonLabels', 'policy', 'config', 'namespaces', 'podLabels'])
  test(`${key} without a value, as where all below it is a comment, is as if it were left out`, async () =>
    assert.deepEqual(await render({ ...WITH, [key]: null }), await render(WITH)));

test('… and so are labels and fields of monitors', async () => {
  const empty = { ...WITH, serviceMonitor: { enabled: true, force: true, labels: null, endpoint: null } };
  const rule = { prometheusRule: { enabled: true, force: true, labels: null } };
  assert.deepEqual(await render({ ...empty, ...rule }), await render(WITH));
});

for (const ports of ['apiServerPorts', 'injectorPorts', 'prometheusPorts'])
  test(`networkPolicy.${ports} without a value opens no port, and not all of them`, async () => {
    const gate = { name: 'a', prometheus: 'http://p', query: 'up', min: 1 };
    const values = { policy: { metricGates: [gate] }, networkPolicy: { enabled: true, [ports]: null } };
    const { egress } = only(await render(values), 'NetworkPolicy').spec;
    assert.equal(egress.length, 3);
    for (const rule of egress) assert.ok(rule.ports?.length > 0, JSON.stringify(rule));
  });

test('without an address of their page, alerts have none, and no empty one', async () => {
  const values = { prometheusRule: { enabled: true, force: true, runbookUrl: '' } };
  const { groups } = only(await render(values), 'PrometheusRule').spec;
  for (const { annotations } of groups[0].rules) assert.deepEqual(Object.keys(annotations), ['description', 'summary']);
});
