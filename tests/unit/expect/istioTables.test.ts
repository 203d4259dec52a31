import assert from 'node:assert/strict';
import { match } from '../../../src/expect/match.ts';
import { injectorEntries, type RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import type { Labels } from '../../../src/model.ts';
import { configuration, deactivated, INJ, REV, RULES, SI, service } from './chartWebhooks.ts';

/** The names of the configurations that inject a pod, each asked for itself as Istio's tables do, and whether all together agree. */
function injecting(configurations: readonly RawConfiguration[], namespace: Labels, pod: Labels): string[] {
  const entriesOf = (some: readonly RawConfiguration[]) => injectorEntries(some).map((entry) => ({ entry }));
  const names = configurations
    .filter((one) => match(entriesOf([one]), namespace, pod).kind === 'entry')
    .map(({ metadata }) => metadata?.name ?? '');
  const together = match(entriesOf(configurations), namespace, pod).kind;
  assert.equal(together, ['none', 'entry'][names.length] ?? 'conflict');
  return names;
}

type Row = [name: string, namespace: Labels, pod: Labels, ...injecting: string[]];

const DEFAULT = 'istio-sidecar-injector';
const REVISION = 'istio-sidecar-injector-1-16';

// istio istioctl/pkg/checkinject/checkinject_test.go, Test_analyzeRunningWebhooks
const checkInject: readonly Row[] = [
  ['nobody asks', {}, {}],
  ['the namespace is enabled', { [INJ]: 'enabled' }, {}, DEFAULT],
  ['the namespace names a revision', { [REV]: '1-16' }, {}, REVISION],
  ['the pod names a revision', {}, { [REV]: '1-16' }, REVISION],
  ['the pod says true', {}, { [SI]: 'true' }, DEFAULT],
  ['the namespace is enabled and the pod says true', { [INJ]: 'enabled' }, { [SI]: 'true' }, DEFAULT],
  ['namespace and pod name one revision', { [REV]: '1-16' }, { [REV]: '1-16' }, REVISION],
  ['the namespace is disabled, the pod names a revision', { [INJ]: 'disabled' }, { [REV]: '1-16' }],
  ['the namespace is enabled, the pod names a revision', { [INJ]: 'enabled' }, { [REV]: '1-16' }, DEFAULT],
  ['the namespace is enabled, the pod says false', { [INJ]: 'enabled' }, { [SI]: 'false' }],
  ['the namespace names a revision, the pod says false', { [REV]: '1-16' }, { [SI]: 'false' }],
];

const plain = configuration(DEFAULT, 'default', 'default', 'plain');
const dead = { ...deactivated(plain), metadata: { name: `${DEFAULT}-deactivated`, labels: { [REV]: 'default' } } };

for (const [name, namespace, pod, ...names] of checkInject) {
  test(`check-inject: ${name}`, () => {
    assert.deepEqual(injecting([plain, configuration(REVISION, '1-16', '1-16'), dead], namespace, pod), names);
  });
}

const AMBIENT = { 'istio.io/dataplane-mode': 'ambient' };
const CANARY = 'istio-sidecar-injector-canary';

// istio pkg/config/analysis/analyzers/testdata/injection.yaml, with image-auto.yaml
const analyzed: readonly Row[] = [
  ['enabled', { [INJ]: 'enabled' }, {}, DEFAULT],
  ['ambient', AMBIENT, {}],
  ['disabled', { [INJ]: 'disabled' }, {}],
  ['without a label', {}, {}],
  ['of a revision', { [REV]: 'canary' }, {}, CANARY],
  ['of a revision that is not there', { [REV]: 'pidgeon' }, {}],
  ['enabled and of a revision', { [INJ]: 'enabled', [REV]: 'canary' }, {}, DEFAULT],
  ['enabled and of a revision that is not there', { [INJ]: 'enabled', [REV]: 'test' }, {}, DEFAULT],
  ['enabled and ambient', { [INJ]: 'enabled', ...AMBIENT }, {}, DEFAULT],
  ['of a revision that is not there, and ambient', { [REV]: 'test', ...AMBIENT }, {}],
  ['disabled and ambient', { [INJ]: 'disabled', ...AMBIENT }, {}],
  ['disabled and of a revision', { [INJ]: 'disabled', [REV]: 'canary' }, {}],
  ['enabled, a pod says false', { [INJ]: 'enabled' }, { [SI]: 'false' }],
  ['without a label, a gateway pod does not ask', {}, { istio: 'ingressgateway' }],
  ['without a label, a pod says true', {}, { [SI]: 'true' }, DEFAULT],
];

for (const [name, namespace, pod, ...names] of analyzed) {
  test(`analyze: a namespace ${name}`, () => {
    assert.deepEqual(injecting([plain, configuration(CANARY, 'canary', 'canary')], namespace, pod), names);
  });
}

test('analyze: a namespace without a label, where namespaces are injected by default', () => {
  assert.deepEqual(injecting([configuration(DEFAULT, 'default', 'default', 'auto')], {}, {}), [DEFAULT]);
});

const hook = (name: string) => ({
  name,
  rules: RULES,
  clientConfig: service('istiod'),
  namespaceSelector: { matchLabels: { [INJ]: 'enabled' } },
});
const made = (name: string, labels: Labels, ...hooks: string[]): RawConfiguration => ({
  metadata: { name, labels },
  webhooks: hooks.map(hook),
});
const OURS = { [REV]: 'test-revision' };

// istio pkg/config/analysis/analyzers/testdata/webhook.yaml
test('analyze: two configurations that claim one namespace', () => {
  const overlapping = ['missing-overlap', 'overlap'].map((name) => made(name, OURS, 'sidecar-injector.istio.io'));
  assert.deepEqual(injecting(overlapping, { [INJ]: 'enabled' }, {}), ['missing-overlap', 'overlap']);
});

// istio pkg/webhooks/webhookpatch_test.go, TestMutatingWebhookPatch
const patched: readonly [name: string, RawConfiguration, string[]][] = [
  ['without entries', { metadata: { name: 'c', labels: OURS } }, []],
  ['with an entry of the very name', made('c', OURS, 'sidecar-injector.istio.io'), ['sidecar-injector.istio.io']],
  [
    'with an entry of a prefixed name',
    made('c', OURS, 'prefix.sidecar-injector.istio.io'),
    ['prefix.sidecar-injector.istio.io'],
  ],
  [
    'without a revision: its patcher leaves it alone, yet the API server calls it',
    made('c', {}, 'sidecar-injector.istio.io'),
    ['sidecar-injector.istio.io'],
  ],
  [
    'with somebody else’s entry beside it',
    made('c', OURS, 'sidecar-injector.istio.io', 'other.example.com'),
    ['sidecar-injector.istio.io'],
  ],
];

for (const [name, one, entries] of patched) {
  test(`certificate patcher: a configuration ${name}`, () => {
    assert.deepEqual(
      injectorEntries([one]).map((entry) => entry.name),
      entries,
    );
  });
}
