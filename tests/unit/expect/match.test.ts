import assert from 'node:assert/strict';
import { asksForInjection, match } from '../../../src/expect/match.ts';
import { injectorEntries, type RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import type { Labels } from '../../../src/model.ts';
import { absent, configuration, deactivated, INJ, REV, RULES, SI, service } from './chartWebhooks.ts';

const A = configuration('istio-sidecar-injector', 'default', 'default', 'plain');
const Aa = configuration('istio-sidecar-injector', 'default', 'default', 'auto');
const B = configuration('istio-sidecar-injector-canary', 'canary', 'canary');
const P = configuration('istio-revision-tag-prod', 'canary', 'prod');
const T = configuration('istio-revision-tag-default', 'canary', 'default', 'plain');
const D = [deactivated(A), configuration('istio-revision-tag-default', 'default', 'default', 'plain')];

const found = (configurations: RawConfiguration[], namespace: Labels, pod: Labels): string => {
  const entries = injectorEntries(configurations).map((entry) => ({ entry }));
  const matched = match(entries, namespace, pod);
  if (matched.kind !== 'entry') return matched.kind;
  const { configuration: name, name: entry, revision } = matched.entry.entry;
  return `${name.includes('-tag-') ? 'tag ' : ''}${entry.replace('sidecar-injector.istio.io', '')} ${revision}`;
};

const rows: [string, RawConfiguration[], Labels, Labels, string][] = [
  ['1 an enabled namespace', [A], { [INJ]: 'enabled' }, {}, 'namespace. default'],
  ['2 an enabled namespace, pod says true', [A], { [INJ]: 'enabled' }, { [SI]: 'true' }, 'namespace. default'],
  ['3 an enabled namespace, pod says false', [A], { [INJ]: 'enabled' }, { [SI]: 'false' }, 'none'],
  ['4 a disabled namespace, pod says true', [A], { [INJ]: 'disabled' }, { [SI]: 'true' }, 'none'],
  ['5 an empty injection label counts as a label', [A], { [INJ]: '' }, { [SI]: 'true' }, 'none'],
  ['6 nobody asks', [A], {}, {}, 'none'],
  ['7 the pod alone says true, as the gateway chart does', [A], {}, { [SI]: 'true' }, 'object. default'],
  ['8 the pod says yes, which is not true', [A], {}, { [SI]: 'yes' }, 'none'],
  ['9 the namespace names revision default', [A], { [REV]: 'default' }, {}, 'rev.namespace. default'],
  ['10 the pod names revision default', [A], {}, { [REV]: 'default' }, 'rev.object. default'],
  ['11 the pod names a revision and says false', [A], {}, { [REV]: 'default', [SI]: 'false' }, 'none'],
  ['12 the namespace names canary', [A, B], { [REV]: 'canary' }, {}, 'rev.namespace. canary'],
  ['13 the pod names canary', [A, B], {}, { [REV]: 'canary' }, 'rev.object. canary'],
  ['14 the pod names canary and says true', [A, B], {}, { [REV]: 'canary', [SI]: 'true' }, 'rev.object. canary'],
  ['15 istio-injection beats istio.io/rev', [A, B], { [INJ]: 'enabled', [REV]: 'canary' }, {}, 'namespace. default'],
  [
    '16 an enabled namespace beats the pod’s revision',
    [A, B],
    { [INJ]: 'enabled' },
    { [REV]: 'canary' },
    'namespace. default',
  ],
  [
    '17 the namespace’s revision beats the pod’s',
    [A, B],
    { [REV]: 'canary' },
    { [REV]: 'default' },
    'rev.namespace. canary',
  ],
  ['18 a revision namespace, pod says false', [A, B], { [REV]: 'canary' }, { [SI]: 'false' }, 'none'],
  ['19 disabled beats a revision', [A, B], { [INJ]: 'disabled', [REV]: 'canary' }, {}, 'none'],
  ['20 disabled beats the pod’s revision', [A, B], { [INJ]: 'disabled' }, { [REV]: 'canary' }, 'none'],
  ['21 a revision that is not there', [A, B], { [REV]: 'nope' }, { [SI]: 'true' }, 'none'],
  ['21b … nor helps the pod’s own revision', [A, B], { [REV]: 'nope' }, { [REV]: 'canary' }, 'none'],
  ['22 the pod names a revision that is not there', [A, B], {}, { [REV]: 'nope', [SI]: 'true' }, 'none'],
  ['23 the namespace names a tag', [A, B, P], { [REV]: 'prod' }, {}, 'tag rev.namespace. canary'],
  ['24 the pod names a tag', [A, B, P], {}, { [REV]: 'prod' }, 'tag rev.object. canary'],
  [
    '25 tag on the namespace, its revision on the pod: one match',
    [A, B, P],
    { [REV]: 'prod' },
    { [REV]: 'canary' },
    'tag rev.namespace. canary',
  ],
  ['26 istioctl’s default install, enabled', D, { [INJ]: 'enabled' }, {}, 'tag namespace. default'],
  ['26b … by revision', D, { [REV]: 'default' }, {}, 'tag rev.namespace. default'],
  ['26c … by pod', D, {}, { [SI]: 'true' }, 'tag object. default'],
  ['27 the tag default points to canary', [B, T], { [INJ]: 'enabled' }, {}, 'tag namespace. canary'],
  ['28 … also for a pod that says true', [B, T], {}, { [SI]: 'true' }, 'tag object. canary'],
  ['29 a revision alone does not serve enabled namespaces', [B], { [INJ]: 'enabled' }, {}, 'none'],
  ['29b … nor pods that say true', [B], {}, { [SI]: 'true' }, 'none'],
  ['30 namespaces enabled by default', [Aa], {}, {}, 'auto. default'],
  ['31 … a pod that says true still has one match', [Aa], {}, { [SI]: 'true' }, 'object. default'],
  ['31b … and one that names the revision', [Aa], {}, { [REV]: 'default' }, 'rev.object. default'],
  ['32 … but not a disabled namespace', [Aa], { [INJ]: 'disabled' }, {}, 'none'],
  ['32b … nor a pod that says yes', [Aa], {}, { [SI]: 'yes' }, 'none'],
  ['32c … nor one that says false', [Aa], {}, { [SI]: 'false' }, 'none'],
  ['33 … nor kube-system', [Aa], { 'kubernetes.io/metadata.name': 'kube-system' }, {}, 'none'],
  ['34 two configurations claim the namespace', [A, B, T], { [INJ]: 'enabled' }, {}, 'conflict'],
];

for (const [name, configurations, namespace, pod, expected] of rows) {
  test(name, () => assert.equal(found(configurations, namespace, pod), expected));
}

const only = (change: object): RawConfiguration => ({
  metadata: { name: 'hand-made', labels: { [REV]: 'default' } },
  webhooks: [{ name: 'x.sidecar-injector.istio.io', clientConfig: service('istiod'), rules: RULES, ...change }],
});

const handMade: [string, RawConfiguration, string][] = [
  ['an entry without selectors matches everything', only({}), 'entry'],
  [
    'matchLabels and matchExpressions are both needed',
    only({ objectSelector: { matchLabels: { a: '1' }, matchExpressions: [absent('b')] } }),
    'none',
  ],
  ['an entry for other resources is never called', only({ rules: [{ ...RULES[0], resources: ['services'] }] }), 'none'],
  ['an entry for updates only is never called', only({ rules: [{ ...RULES[0], operations: ['UPDATE'] }] }), 'none'],
  ['an entry for another API group is never called', only({ rules: [{ ...RULES[0], apiGroups: ['apps'] }] }), 'none'],
  ['an entry for another version is never called', only({ rules: [{ ...RULES[0], apiVersions: ['v2'] }] }), 'none'],
  ['an entry for what has no namespace is never called', only({ rules: [{ ...RULES[0], scope: 'Cluster' }] }), 'none'],
  [
    'one rule of several is enough, and one operation of it',
    only({
      rules: [
        { ...RULES[0], resources: ['services'] },
        { ...RULES[0], operations: ['UPDATE', 'CREATE'] },
      ],
    }),
    'entry',
  ],
  [
    'wildcards in rules are honoured',
    only({ rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }] }),
    'entry',
  ],
  [
    'a rule for the subresources of pods is called for pods, too, as the API server does',
    only({ rules: [{ ...RULES[0], resources: ['pods/*'] }] }),
    'entry',
  ],
  [
    'of a pod of which only labels are known, matchConditions are unknown',
    only({ matchConditions: [{ name: 'x', expression: 'true' }] }),
    'unknown',
  ],
  ['another ending is another vendor’s', only({ name: 'sidecar-injector.istio.io.example.com' }), 'none'],
  ['an entry of a prefix with a dash is Istio’s', only({ name: 'namespace-sidecar-injector.istio.io' }), 'entry'],
  [
    'an operator that Kubernetes does not know makes it unknown',
    only({ objectSelector: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] } }),
    'unknown',
  ],
  ['another vendor’s entry is no candidate', only({ name: 'pods.example.com' }), 'none'],
  [
    'an entry of a Service without name is no candidate',
    only({ clientConfig: { service: { namespace: 'a' } } }),
    'none',
  ],
  ['an entry without address is no candidate', only({ clientConfig: {} }), 'none'],
];

for (const [name, configuration, expected] of handMade) {
  test(name, () => {
    const entries = injectorEntries([configuration]).map((entry) => ({ entry }));
    assert.equal(match(entries, {}, { b: '1' }).kind, expected);
  });
}

const addresses: [clientConfig: object, address: object][] = [
  [{ url: 'https://a.example.com/inject' }, { url: 'https://a.example.com/inject' }],
  [{ service: { namespace: 'a', name: 'b' } }, { service: { namespace: 'a', name: 'b', path: '/', port: 443 } }],
  [
    { service: { namespace: 'a', name: 'b', path: '/inject', port: 15017 } },
    { service: { namespace: 'a', name: 'b', path: '/inject', port: 15017 } },
  ],
];
for (const [clientConfig, address] of addresses)
  test(`${JSON.stringify(clientConfig)} is asked as the API server asks it`, () => {
    const [entry] = injectorEntries([only({ clientConfig })]);
    assert.deepEqual(entry?.address, address);
  });

test('a configuration without the label istio.io/rev is a candidate: the API server looks at no label', () => {
  const [entry] = injectorEntries([{ ...only({}), metadata: { name: 'x', labels: { heritage: 'platform' } } }]);
  assert.equal(entry?.revision, '');
  assert.equal(match([{ entry }] as never, {}, {}).kind, 'entry');
});

test('an unmatched namespace is told by its label', () => {
  const none = match([], { [REV]: 'nope' }, {});
  assert.equal(none.kind === 'none' && none.reason.detail, 'no injector entry matches namespace istio.io/rev=nope');
});

const intents: [namespace: Record<string, string>, pod: Record<string, string>, asks: boolean][] = [
  [{}, {}, false],
  [{ 'istio-injection': 'enabled' }, {}, true],
  [{ 'istio-injection': 'disabled' }, { 'istio.io/rev': 'canary' }, false],
  [{ 'istio-injection': 'disabled' }, { 'sidecar.istio.io/inject': 'true' }, true],
  [{ 'istio-injection': 'enabled' }, { 'sidecar.istio.io/inject': 'false' }, false],
  [{ 'istio.io/rev': 'canary' }, {}, true],
  [{}, { 'istio.io/rev': 'canary' }, true],
  [{ 'istio.io/rev': 'canary' }, { 'sidecar.istio.io/inject': 'false' }, false],
  [{ toString: 'x' }, {}, false],
];
for (const [namespace, labels, asks] of intents)
  test(`labels ${JSON.stringify(namespace)} and ${JSON.stringify(labels)} ${asks ? 'ask' : 'do not ask'} for injection`, () =>
    assert.equal(asksForInjection(namespace, labels), asks));
