import assert from 'node:assert/strict';
import { chartKeys } from '../contract/chart/generatedChart.ts';
import type { ValueKey } from '../contract/chart/valueKeys.ts';
import { merge } from '../testbed/merge.ts';
import { render, type Values } from './chart.ts';

/** Everything that can be switched on is. */
const ALL_ON: Values = {
  podDisruptionBudget: { enabled: true },
  networkPolicy: { enabled: true },
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
  grafanaDashboard: { enabled: true },
  config: { statusBindAddress: ':8082' },
};
const PODS_SCRAPED: Values = {
  ...ALL_ON,
  serviceMonitor: { enabled: false },
  podMonitor: { enabled: true, endpoint: { authorization: { type: 'Bearer' } } },
};
/** What forces a kind shows only where the cluster does not know it. */
const NO_MONITORING = /\.force$/;

const GATE = { name: 'slo', prometheus: 'http://prometheus.monitoring:9090', query: 'up', min: 1 };

/** Keys that show their effect only beside others, with those. */
const BESIDE: Readonly<Record<string, Values>> = {
  'podDisruptionBudget.maxUnavailable': { podDisruptionBudget: { enabled: true } },
  'serviceAccount.create': { serviceAccount: { name: 'mine' } },
  'networkPolicy.prometheusPorts': { policy: { metricGates: [GATE] } },
  'service.enabled': PODS_SCRAPED,
  'statusReader.subjects': { statusReader: { create: true } },
};

/** What a guess by the type would get wrong. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  'image.digest': `sha256:${'a'.repeat(64)}`,
  'podDisruptionBudget.maxUnavailable': 7,
  'prometheusRule.outdatedFor': '12h',
  'prometheusRule.alerts': { MeltemiDown: { for: '5m' } },
  'rbac.metricsReaders': [{ namespace: 'monitoring', name: 'prometheus' }],
  'statusPage.readers': [{ kind: 'Group', name: 'readers' }],
  'statusReader.subjects': [{ kind: 'Group', name: 'readers' }],
  livenessProbe: { periodSeconds: 20 },
  readinessProbe: { periodSeconds: 20 },
  'networkPolicy.apiServerPorts': [7443],
  'networkPolicy.injectorPorts': [7444],
  'networkPolicy.prometheusPorts': [7445],
  extraArgs: ['--dry-run'],
  secretMounts: [{ name: 'sample', mountPath: '/etc/sample' }],
  global: { imageRegistry: 'registry.local' },
  policy: { maxInFlight: 7 },
  namespaces: ['shop'],
  istioNamespaces: ['mesh'],
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'sample' }] } },
};

function sampleOf({ path, usual, schema }: ValueKey): unknown {
  if (path in SAMPLES) return SAMPLES[path];
  if (Array.isArray(schema.enum)) return schema.enum.find((word) => word !== usual);
  if (typeof usual === 'boolean') return !usual;
  if (typeof usual === 'number') return usual + 1;
  if (Array.isArray(usual)) return [{ apiVersion: 'v1', kind: 'Sample', metadata: { name: 'sample' }, name: 'sample' }];
  return typeof usual === 'string' ? 'sample' : { sample: 'sample' };
}

const nested = (path: string, value: unknown): Values =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Values;

const baseOf = ({ path }: ValueKey): Values =>
  merge(path.startsWith('podMonitor.') ? PODS_SCRAPED : ALL_ON, BESIDE[path] ?? {});

/** Those under `config` and `enabled` have tests of their own; of the two of a PodDisruptionBudget only one may be given. */
const APART = /^config\.|^enabled$|^podDisruptionBudget\.minAvailable$/;

for (const key of chartKeys().filter(({ path }) => !APART.test(path))) {
  test(`${key.path} has an effect`, async () => {
    const rendering = { serves: NO_MONITORING.test(key.path) ? [] : ['monitoring.coreos.com/v1'] };
    const base = baseOf(key);
    const [before, after] = await Promise.all(
      [key.usual, sampleOf(key)].map((value) => render(merge(base, nested(key.path, value)), rendering)),
    );
    assert.notDeepEqual(after, before);
  });
}

test('podDisruptionBudget.minAvailable has an effect', async () => {
  const least = { enabled: true, maxUnavailable: null, minAvailable: 1 };
  const [before, after] = await Promise.all(
    [ALL_ON, merge(ALL_ON, { podDisruptionBudget: least })].map((values) => render(values)),
  );
  assert.notDeepEqual(after, before);
});
