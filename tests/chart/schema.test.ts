import assert from 'node:assert/strict';
import { refusal, render, type Values } from './chart.ts';

/** Values that are wrong, and what Helm says of them. */
const REFUSED: Readonly<Record<string, readonly [Values, RegExp]>> = {
  'an unknown key': [{ maxInFlight: 5 }, /additional properties 'maxInFlight' not allowed/],
  'an unknown setting': [{ config: { maxInFligth: 5 } }, /'\/config': additional properties 'maxInFligth' not allowed/],
  'a switch that is a text': [{ config: { dryRun: 'yes' } }, /'\/config\/dryRun': got string, want null or boolean/],
  'a number that is a text': [
    { config: { maxInFlight: '5' } },
    /'\/config\/maxInFlight': got string, want null or integer/,
  ],
  'no restart at a time': [{ config: { maxInFlight: 0 } }, /'\/config\/maxInFlight': minimum: got 0, want 1/],
  'a duration without unit': [
    { config: { restartDelay: '5' } },
    /'\/config\/restartDelay': '5' does not match pattern/,
  ],
  'a duration that is a number': [
    { config: { restartDelay: 5 } },
    /'\/config\/restartDelay': got number, want null or string/,
  ],
  'a word that is none of the choice': [
    { config: { pdb: 'maybe' } },
    /'\/config\/pdb': value must be one of 'respect', 'ignore'/,
  ],
  'a word that is none of the list': [
    { config: { restartOn: ['image', 'all'] } },
    /'\/config\/restartOn\/1': value must be one of/,
  ],
  'an address without port': [
    { config: { metricsBindAddress: 'localhost' } },
    /'\/config\/metricsBindAddress': .* does not match pattern/,
  ],
  'a label that is a number': [{ podLabels: { shard: 1 } }, /'\/podLabels\/shard': got number, want string/],
  'an annotation that is a number': [
    { podAnnotations: { 'prometheus.io/port': 8080 } },
    /'\/podAnnotations\/prometheus\.io~?1?\/?port': got number, want string/,
  ],
  'a node selector that is a switch': [
    { nodeSelector: { spot: true } },
    /'\/nodeSelector\/spot': got boolean, want string/,
  ],
  'a tag for a digest': [{ image: { digest: 'latest' } }, /'\/image\/digest': 'latest' does not match pattern/],
  'a namespace that is none': [{ namespaces: ['Shop'] }, /'\/namespaces\/0': 'Shop' does not match pattern/],
  'a namespace twice': [{ namespaces: ['shop', 'shop'] }, /'\/namespaces': items at 0 and 1 are equal/],
  'nowhere for Istio': [{ istioNamespaces: [] }, /'\/istioNamespaces': minItems: got 0, want 1/],
  'a policy key that is none': [
    { policy: { maxInFligth: 5 } },
    /'\/policy': additional properties 'maxInFligth' not allowed/,
  ],
  'a policy key that says nothing': [
    { policy: { restartDelay: '' } },
    /'\/policy\/restartDelay': minLength: got 0, want 1/,
  ],
  'a filter field that is none': [
    { policy: { exclude: [{ namespace: 'a' }] } },
    /'\/policy\/exclude\/0': additional properties 'namespace'/,
  ],
  'a filter of everything': [{ policy: { exclude: [{}] } }, /'\/policy\/exclude\/0': minProperties: got 0, want 1/],
  'a time that a YAML 1.1 parser has made a number of': [
    { policy: { windows: [{ name: 'nights', start: 1320, end: '05:00', timeZone: 'UTC' }] } },
    /'\/policy\/windows\/0\/start': got number, want string/,
  ],
  'a window without time zone': [
    { policy: { windows: [{ name: 'nights', start: '22:00', end: '05:00' }] } },
    /'\/policy\/windows\/0': missing property 'timeZone'/,
  ],
  'a freeze with days': [
    {
      policy: {
        freezes: [{ name: 'a', from: '2026-12-20T00:00', to: '2027-01-04T00:00', timeZone: 'UTC', days: ['Mon'] }],
      },
    },
    /'\/policy\/freezes\/0': additional properties 'days' not allowed/,
  ],
  'urgent images that are none': [{ policy: { urgent: [{}] } }, /'\/policy\/urgent\/0': missing property 'images'/],
  'a probe of another path': [
    { livenessProbe: { httpGet: { path: '/' } } },
    /'\/livenessProbe': additional properties 'httpGet' not allowed/,
  ],
  'a metrics reader without namespace': [
    { rbac: { metricsReaders: [{ name: 'prometheus' }] } },
    /'\/rbac\/metricsReaders\/0': missing property 'namespace'/,
  ],
  'a change of an alert that is none': [
    { prometheusRule: { alerts: { MeltemiDown: { severity: 'info' } } } },
    /'\/prometheusRule\/alerts\/MeltemiDown': additional properties 'severity' not allowed/,
  ],
  'a pull policy that is none': [{ image: { pullPolicy: 'Sometimes' } }, /'\/image\/pullPolicy': value must be one of/],
};

for (const [what, [values, message]] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, async () => assert.match(await refusal(values), message));
}

/** Values that each are right and do not go together. */
const CLASHES: Readonly<Record<string, readonly [Values, RegExp]>> = {
  'an alert that does not exist': [
    { prometheusRule: { enabled: true, force: true, alerts: { MeltemiDwon: { enabled: false } } } },
    /there is no alert "MeltemiDwon"\. The alerts are MeltemiDown, /,
  ],
  'two replicas that both lead': [{ replicaCount: 2, config: { leaderElect: false } }, /replicaCount must be 1/],
  'both monitors': [
    { serviceMonitor: { enabled: true, force: true }, podMonitor: { enabled: true, force: true } },
    /enable serviceMonitor or podMonitor/,
  ],
  'a monitor without metrics': [
    { podMonitor: { enabled: true, force: true }, config: { metricsBindAddress: '0' } },
    /there are no metrics for a monitor/,
  ],
  'a PodMonitor without token': [
    { podMonitor: { enabled: true, force: true } },
    /a PodMonitor cannot send Prometheus' own token/,
  ],
  'a ServiceMonitor without Service': [
    { serviceMonitor: { enabled: true, force: true }, service: { enabled: false } },
    /serviceMonitor needs the Service/,
  ],
  'a PodDisruptionBudget of both': [
    { podDisruptionBudget: { enabled: true, minAvailable: 1 } },
    /either minAvailable or maxUnavailable/,
  ],
  'a PodDisruptionBudget of neither': [
    { podDisruptionBudget: { enabled: true, maxUnavailable: null } },
    /either minAvailable or maxUnavailable/,
  ],
  'no ServiceAccount at all': [{ serviceAccount: { create: false } }, /serviceAccount.name/],
  'probes that reach nobody': [
    { config: { healthProbeBindAddress: '127.0.0.1:8081' } },
    /127\.0\.0\.1:8081 cannot be reached from outside the container; use :8081/,
  ],
};

for (const [what, [values, message]] of Object.entries(CLASHES)) {
  test(`refused: ${what}`, async () => assert.match(await refusal(values), message));
}

test('Helm’s own value for charts that others depend on is taken', async () => {
  await render({ global: { any: 'thing' } });
});
