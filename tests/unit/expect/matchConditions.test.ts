import assert from 'node:assert/strict';
import { nextPodLabels } from '../../../src/expect/admission.ts';
import { match } from '../../../src/expect/match.ts';
import type { Workload } from '../../../src/model.ts';
import { RESTARTED_AT } from '../../../src/names.ts';
import { entry, workload } from '../../builders/workload.ts';

const SPEC = {
  hostNetwork: true,
  priorityClassName: 'high',
  volumes: [{ name: 'v' }],
  containers: [
    { name: 'app', image: 'registry.example/app:1', ports: [{ containerPort: 8080 }], resources: {} },
    { name: 'log', image: 'registry.example/log:1' },
  ],
};
const template = { labels: { app: 'web', tier: 'front' }, annotations: { team: 'a' }, spec: SPEC };
const web = workload({ template });
const set = workload({ kind: 'StatefulSet', template });
const bare = workload({ template: { labels: {}, annotations: {}, spec: { containers: [] } } });
const withAccount = (serviceAccountName: string) =>
  workload({ template: { ...template, spec: { ...SPEC, serviceAccountName } } });

const matched = (one: Workload, ...expressions: string[]) => {
  const conditions = expressions.map((expression, index) => ({ name: `c${index}`, expression }));
  return match([{ entry: entry({ conditions }) }], {}, nextPodLabels(one), one);
};

const evaluated: [expression: string, expected: 'entry' | 'none' | 'unknown', of?: Workload][] = [
  // the request
  ['true', 'entry'],
  ['false', 'none'],
  ["request.operation == 'CREATE' && request.kind.kind == 'Pod' && request.resource.resource == 'pods'", 'entry'],
  ["request.namespace in ['shop', 'bank']", 'entry'],
  ["request.namespace.startsWith('kube-')", 'none'],
  ["request.namespace.matches('^(shop|bank)$')", 'entry'],
  ['request.dryRun', 'none'],
  ['oldObject == null && object != null', 'entry'],
  ["request.userInfo.username == 'system:admin'", 'unknown'],
  ["!('system:nodes' in request.userInfo.groups)", 'unknown'],
  ["request.name == 'web-1'", 'unknown'],
  ['has(request.subResource)', 'unknown'],
  ["request.namespace != 'shop' && request.userInfo.username == 'x'", 'none'],
  ["request.namespace == 'shop' || request.userInfo.username == 'x'", 'entry'],
  ["authorizer.group('').resource('pods').namespace('shop').check('create').allowed()", 'unknown'],
  ["namespaceObject.metadata.name == 'shop'", 'unknown'],
  // labels and annotations
  ["object.metadata.labels['app'] == 'web'", 'entry'],
  ["'sidecar.istio.io/inject' in object.metadata.labels", 'none'],
  ["!has(object.metadata.labels) || !('ambient' in object.metadata.labels)", 'entry'],
  ["object.metadata.labels['pod-template-hash'].startsWith('5')", 'unknown'],
  ["'pod-template-hash' in object.metadata.labels", 'unknown'],
  ["'pod-template-hash' in object.metadata.labels", 'none', set],
  ['object.metadata.labels.size() == 2', 'unknown'],
  ["object.metadata.labels == {'app': 'web', 'tier': 'front'}", 'unknown'],
  ["has(object.metadata.annotations.team) && object.metadata.annotations.team == 'a'", 'entry'],
  [`has(object.metadata.annotations) && '${RESTARTED_AT}' in object.metadata.annotations`, 'unknown'],
  ['has(object.metadata.annotations)', 'unknown', bare],
  ["object.metadata.labels['missing'] == 'x'", 'unknown'],
  // names
  ["object.metadata.namespace == 'shop'", 'entry'],
  ["object.metadata.generateName == 'web-'", 'entry', set],
  ["object.metadata.generateName.startsWith('web-')", 'unknown'],
  ["object.metadata.name == 'web-0'", 'unknown', set],
  ["object.metadata.ownerReferences[0].kind == 'ReplicaSet'", 'unknown'],
  // the spec
  ['has(object.spec.hostNetwork) && object.spec.hostNetwork', 'entry'],
  ['has(object.spec.hostPID)', 'none'],
  ["object.spec.containers.all(c, c.image.startsWith('registry.example/'))", 'entry'],
  ["object.spec.containers.exists(c, c.name == 'istio-proxy')", 'none'],
  ['object.spec.containers[0].ports[0].containerPort == 8080', 'entry'],
  ['size(object.spec.containers) == 2', 'entry'],
  ['has(object.spec.initContainers)', 'none'],
  ["object.spec.serviceAccountName == 'default'", 'entry'],
  ["object.spec.serviceAccountName == 'default'", 'entry', withAccount('')],
  ["object.spec.serviceAccountName == 'default'", 'none', withAccount('web')],
  ["object.spec.priorityClassName == 'high'", 'entry'],
  ['has(object.spec.priorityClassName)', 'unknown', bare],
  ["object.spec.volumes.exists(v, v.name == 'v')", 'unknown'],
  ['has(object.spec.containers[0].resources.limits)', 'unknown'],
  ['has(object.spec.nodeName)', 'unknown'],
  ["object.spec == {'containers': []}", 'unknown', bare],
  ["object.status.phase == 'Pending'", 'unknown'],
  // what is no condition
  ['request.namespace', 'unknown'],
  ['((', 'unknown'],
  ['', 'unknown'],
  ["quantity('1').isInteger()", 'unknown'],
  [`${' '.repeat(5000)}true`, 'unknown'],
  ['[1].all(a, [1].all(b, [1].all(c, true)))', 'unknown'],
  ['[1].all(a, [1].all(b, a == b))', 'entry'],
];
for (const [expression, expected, of = web] of evaluated)
  test(`${of.kind}: ${expression.trim() || '(empty)'} is ${expected}`, () =>
    assert.equal(matched(of, expression).kind, expected));

const together: [name: string, expressions: string[], expected: string][] = [
  ['all must be true', ['true', "request.namespace == 'shop'"], 'entry'],
  ['one that is false keeps it from being called', ['true', 'false'], 'none'],
  ['… also where another is unknown', ["request.name == ''", 'false'], 'none'],
  ['one that is unknown leaves it open', ['true', "request.name == ''"], 'unknown'],
  ['more than the API server takes are not believed', Array.from({ length: 65 }, () => 'true'), 'unknown'],
];
for (const [name, expressions, expected] of together)
  test(name, () => assert.equal(matched(web, ...expressions).kind, expected));

const words: [string, string][] = [
  ['false', 'condition "c0" of istio-sidecar-injector/namespace.sidecar-injector.istio.io is false'],
  [
    "request.userInfo.username == 'x'",
    'condition "c0" of istio-sidecar-injector/namespace.sidecar-injector.istio.io cannot be evaluated here: ' +
      'request.userInfo is not known before the pod is made',
  ],
];
for (const [expression, expected] of words)
  test(`the reason names the condition: ${expression}`, () => {
    const result = matched(web, expression);
    assert.equal('reason' in result && result.reason.detail, expected);
  });

test('two entries of which the conditions choose one are no conflict', () => {
  const mine = {
    entry: entry({ conditions: [{ name: 'c', expression: "object.metadata.labels['tier'] == 'front'" }] }),
  };
  const other = {
    entry: entry({ conditions: [{ name: 'c', expression: "object.metadata.labels['tier'] != 'front'" }] }),
  };
  const result = match([other, mine], {}, nextPodLabels(web), web);
  assert.equal(result.kind === 'entry' && result.entry, mine);
});

test('a template of any size costs an expression little', () => {
  const long = 'a'.repeat(250_000);
  const spec = { containers: Array.from({ length: 5000 }, (_, index) => ({ name: `${index}`, args: [long] })) };
  const huge = workload({ template: { labels: {}, annotations: { long }, spec } });
  const began = performance.now();
  for (const expression of [
    'object.spec.containers.all(a, object.spec.containers.all(b, a.name != b.name))',
    "object.metadata.annotations.long.matches('(a*)*b')",
    "object.spec.containers[0].args[0] == 'x'",
  ])
    assert.equal(matched(huge, expression).kind, 'unknown', expression);
  assert.ok(performance.now() - began < 500);
});
