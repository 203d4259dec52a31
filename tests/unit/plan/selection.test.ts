import assert from 'node:assert/strict';
import type { Filter } from '../../../src/expect/filter.ts';
import type { NamespaceFacts, Workload } from '../../../src/model.ts';
import { RESTART_ANNOTATION } from '../../../src/names.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { plan } from '../../../src/plan/plan.ts';
import type { Policy } from '../../../src/plan/policy.ts';
import { context, policy, stepFor } from '../../builders/policy.ts';
import { assessed } from '../../builders/workload.ts';

/** What the plan makes of an outdated workload that nothing else keeps back: `restart`, or the reason. */
function decision(one: Assessed, given: Partial<Policy> = {}): string {
  const planned = plan([one], context({ policy: policy(given) }));
  const step = stepFor(planned, one.workload);
  return step && 'reason' in step ? `${step.reason.code}: ${step.reason.detail}` : (step?.action ?? 'absent');
}

const say = (value: string): Record<string, string> => ({ [RESTART_ANNOTATION]: value });
/** Says of the workload and of its namespace; undefined says nothing. */
function said(own: string | undefined, general?: string): Assessed {
  const namespace = { labels: {}, annotations: general === undefined ? {} : say(general) };
  return { ...assessed(own === undefined ? {} : { annotations: say(own) }), namespace };
}

const ON_WORKLOAD = 'opted-out: meltemi.dev/restart on the workload is "false"';
const ON_NAMESPACE = 'opted-out: meltemi.dev/restart on namespace shop is "false"';
const GUESS = 'which is neither "true" nor "false" and counts as "false"';
const NOT_OPTED_IN = 'not-opted-in: neither the workload nor its namespace has meltemi.dev/restart: "true"';
const optIn = { optIn: true };

const annotations: [string, Assessed, string, Partial<Policy>?][] = [
  ['who says nothing is restarted', said(undefined), 'restart'],
  ['a workload says no', said('false'), ON_WORKLOAD],
  ['a namespace says no for its workloads', said(undefined, 'false'), ON_NAMESPACE],
  ['a workload says yes though its namespace says no', said('true', 'false'), 'restart'],
  ['a workload says no though its namespace says yes', said('false', 'true'), ON_WORKLOAD],
  [
    'another value is a no that says so',
    said('no'),
    `opted-out: meltemi.dev/restart on the workload is "no", ${GUESS}`,
  ],
  ['so is an empty one', said(''), `opted-out: meltemi.dev/restart on the workload is "", ${GUESS}`],
  [
    'capital letters are another value',
    said('True'),
    `opted-out: meltemi.dev/restart on the workload is "True", ${GUESS}`,
  ],
  [
    'another value on the workload is no reason to ask its namespace',
    said('yes', 'true'),
    `opted-out: meltemi.dev/restart on the workload is "yes", ${GUESS}`,
  ],
  [
    'a long value is cut',
    said(undefined, 'x'.repeat(1000)),
    `opted-out: meltemi.dev/restart on namespace shop is "${'x'.repeat(40)}", ${GUESS}`,
  ],
  ['under opt-in, who says nothing is left alone', said(undefined), NOT_OPTED_IN, optIn],
  ['under opt-in, a workload says yes', said('true'), 'restart', optIn],
  ['under opt-in, a namespace says yes', said(undefined, 'true'), 'restart', optIn],
  ['under opt-in, a workload says no though its namespace says yes', said('false', 'true'), ON_WORKLOAD, optIn],
  [
    'what is excluded stays so, whatever it says itself',
    said('true', 'true'),
    'excluded: exclude[0] (names: web)',
    { exclude: [{ names: ['web'] }] },
  ],
];
for (const [name, one, expected, given] of annotations) test(name, () => assert.equal(decision(one, given), expected));

const PROMETHEUS = { apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', name: 'main' };
const spec = { containers: [{ image: 'docker.io/team/web:1.2' }], initContainers: [{ image: 'quay.io/base/init:3' }] };
const rich: Partial<Workload> = {
  annotations: { 'example.com/team': 'red wine' },
  owner: PROMETHEUS,
  template: { labels: { app: 'web', tier: 'db' }, annotations: { 'example.com/pod': 'yes' }, spec },
};
const facts: NamespaceFacts = { labels: { stage: 'prod' }, annotations: {} };
const one: Assessed = { ...assessed(rich), namespace: facts };

/** A filter, and whether it names the Deployment shop/web above. */
const filters: [string, Filter, boolean][] = [
  ['a namespace', { namespaces: ['shop'] }, true],
  ['one of several namespaces', { namespaces: ['bank', 'sh*'] }, true],
  ['other namespaces', { namespaces: ['bank', 'shop-*'] }, false],
  ['a label of the namespace', { namespaceLabels: { matchLabels: { stage: 'prod' } } }, true],
  ['another label of the namespace', { namespaceLabels: { matchLabels: { stage: 'dev' } } }, false],
  ['a name', { names: ['w*'] }, true],
  ['another name', { names: ['api'] }, false],
  ['its kind', { kinds: ['StatefulSet', 'Deployment'] }, true],
  ['another kind', { kinds: ['StatefulSet'] }, false],
  ['the kind of its owner', { ownerKinds: ['Prometheus'] }, true],
  ['the kind of another owner', { ownerKinds: ['Alertmanager'] }, false],
  ['labels of the pod template', { labels: { matchLabels: { tier: 'db' } } }, true],
  ['an expression', { labels: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['db'] }] } }, false],
  ['annotations of the workload', { annotations: { matchLabels: { 'example.com/team': 'red wine' } } }, true],
  [
    'not those of its pods',
    { annotations: { matchExpressions: [{ key: 'example.com/pod', operator: 'Exists' }] } },
    false,
  ],
  ['an image', { images: ['*/team/*'] }, true],
  ['the image of an init container', { images: ['quay.io/*'] }, true],
  ['another image', { images: ['docker.io/web:*'] }, false],
  ['all fields, which all match', { namespaces: ['shop'], kinds: ['Deployment'], images: ['*:1.2'] }, true],
  ['all fields, of which one does not', { namespaces: ['shop'], kinds: ['DaemonSet'], images: ['*:1.2'] }, false],
];
for (const [name, filter, matches] of filters) {
  test(`a filter by ${name} ${matches ? 'matches' : 'does not'}`, () => {
    assert.equal(decision(one, { exclude: [filter] }).split(':')[0], matches ? 'excluded' : 'restart');
    assert.equal(decision(one, { include: [filter] }), matches ? 'restart' : 'excluded: no filter in include matches');
  });
}

test('a workload without owner is of no owner kind', () =>
  assert.equal(decision(assessed(), { exclude: [{ ownerKinds: ['Prometheus'] }] }), 'restart'));

test('a spec that is not what it should be has no images', () => {
  const odd = { containers: [null, 'x', { image: 3 }, {}], initContainers: 'x' };
  const template = { labels: {}, annotations: {}, spec: odd };
  assert.equal(decision(assessed({ template }), { exclude: [{ images: ['*'] }] }), 'restart');
});

const simple: [string, Partial<Policy>, string][] = [
  [
    'one filter of the list is enough, and is named',
    { exclude: [{ names: ['api'] }, { namespaces: ['s*'], kinds: ['Deployment'] }] },
    'excluded: exclude[1] (namespaces: s*; kinds: Deployment)',
  ],
  [
    'a selector is named as kubectl writes it',
    { exclude: [{ labels: { matchLabels: { tier: 'db' } } }] },
    'excluded: exclude[0] (labels: tier=db)',
  ],
  [
    'a long list is cut',
    { exclude: [{ names: ['web', 'x'.repeat(200)] }] },
    `excluded: exclude[0] (names: web, ${'x'.repeat(75)}…)`,
  ],
  [
    'exclude wins over include',
    { include: [{ names: ['web'] }], exclude: [{ names: ['web'] }] },
    'excluded: exclude[0] (names: web)',
  ],
  ['included namespaces', { includeNamespaces: ['sh*'] }, 'restart'],
  [
    'namespaces that are not included',
    { includeNamespaces: ['bank', 'x-*'] },
    'excluded: the namespace is not in includeNamespaces (bank, x-*)',
  ],
  [
    'a namespace that is skipped since its workloads were seen',
    { skipNamespaces: new Set(['shop']) },
    'excluded: skipNamespaces',
  ],
  [
    'an edited policy that leaves its kind out counts at once, too',
    { kinds: new Set(['StatefulSet']) },
    'excluded: kinds',
  ],
  ['excluded namespaces', { excludeNamespaces: ['sh*'] }, 'excluded: excludeNamespaces (sh*)'],
  ['included labels', { includeLabels: { matchLabels: { tier: 'db' } } }, 'restart'],
  [
    'labels that are not included',
    { includeLabels: { matchLabels: { tier: 'web' } } },
    'excluded: the labels do not match includeLabels (tier=web)',
  ],
  ['labels that are not excluded', { excludeLabels: { matchLabels: { tier: 'web' } } }, 'restart'],
  ['excluded labels', { excludeLabels: { matchLabels: { tier: 'db' } } }, 'excluded: excludeLabels (tier=db)'],
  [
    'the simple settings narrow what filters include',
    { include: [{ names: ['web'] }], includeNamespaces: ['bank'] },
    'excluded: the namespace is not in includeNamespaces (bank)',
  ],
];
for (const [name, given, expected] of simple) test(name, () => assert.equal(decision(one, given), expected));

test('what people have said comes before every other rule', () =>
  assert.equal(decision({ ...said('false'), workload: { ...said('false').workload, paused: true } }), ON_WORKLOAD));

test('a verdict is what it is, excluded or not', () => {
  const current = assessed(
    {},
    { state: 'current', expected: { image: 'a', revision: '', placement: 'container' }, drifts: [] },
  );
  assert.equal(decision(current, { exclude: [{ names: ['*'] }] }), 'none');
});
