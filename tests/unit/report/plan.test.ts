import assert from 'node:assert/strict';
import { NO_NAMESPACE } from '../../../src/model.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import type { Plan, Step } from '../../../src/plan/plan.ts';
import { sidecarConfig } from '../../../src/pods/sidecarConfig.ts';
import { reason } from '../../../src/reasons.ts';
import { differenceWords } from '../../../src/report/differenceWords.ts';
import { explanation } from '../../../src/report/explanation.ts';
import { planTable } from '../../../src/report/planTable.ts';
import { rowOf, rowsOf } from '../../../src/report/row.ts';
import { assessedSidecar, dapr, vault, withSidecars } from '../../builders/sidecars.ts';
import { assessed, entry, expected, group, injection, istiod, NOW, workload } from '../../builders/workload.ts';

const next = assessed({ name: 'web' });
const paused = assessed({ name: 'api', paused: true });
const cooling = assessed({ name: 'mail' });
const current = assessed({ name: 'ok' }, { state: 'current', expected: expected(), drifts: [] });
const { injection: _nobody, ...unmatched } = assessed();
const orphan: Assessed = {
  ...unmatched,
  workload: workload({ name: 'old' }),
  namespace: NO_NAMESPACE,
  verdict: { state: 'skipped', reason: reason('orphaned', '3 pods carry a sidecar') },
};
const outside: Assessed = {
  ...unmatched,
  workload: workload({ name: 'tool' }),
  namespace: NO_NAMESPACE,
  verdict: { state: 'skipped', reason: reason('not-injected', 'nobody asks') },
};
const none: Step = { action: 'none' };
const items: Plan['items'] = [
  { ...outside, step: none },
  { ...orphan, step: none },
  { ...current, step: none },
  { ...paused, step: { action: 'wait', reason: reason('paused', 'spec.paused is true') } },
  { ...cooling, step: { action: 'wait', reason: reason('cooldown', 'restarted a moment ago'), until: NOW } },
  { ...next, step: { action: 'restart' } },
];
const rows = rowsOf({ items });

test('the table: what is restarted first, then what waits and why, then the rest', () => {
  const lines = planTable(rows, { colour: false, all: false })
    .split('\n')
    .map((line) => line.trimEnd());
  assert.deepEqual(lines, [
    '#  NAMESPACE  WORKLOAD         VERDICT   PODS  FROM → TO                                            NEXT',
    '1  shop       Deployment/web   outdated  3/3   proxyv2:1.30.2 (default) → proxyv2:1.31.0 (default)  restart (image)',
    '   shop       Deployment/api   outdated  3/3   proxyv2:1.30.2 (default) → proxyv2:1.31.0 (default)  wait, paused: spec.paused is true',
    '   shop       Deployment/mail  outdated  3/3   proxyv2:1.30.2 (default) → proxyv2:1.31.0 (default)  wait, ' +
      'cooldown: restarted a moment ago (until 2026-01-01T00:00:00Z)',
    '   shop       Deployment/old   skipped                                                              orphaned: 3 pods carry a sidecar',
    '   shop       Deployment/ok    current         proxyv2:1.31.0 (default)                             –',
    '',
    '3 outdated, 1 current, 2 skipped (1 outside the mesh not listed; use --all to list them)',
    '',
  ]);
});

test('with --all nothing is left out', () =>
  assert.match(planTable(rows, { colour: false, all: true }), /tool .*not-injected/));

test('colour is asked for, not guessed', () => {
  assert.ok(!planTable(rows, { colour: false, all: true }).includes('\u001b'));
  assert.ok(planTable(rows, { colour: true, all: true }).includes('\u001b[33m1  shop'));
});

const mesh = {
  injections: [
    injection({ entry: entry({ namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } } }) }),
    injection({
      entry: entry({
        name: 'x.sidecar-injector.istio.io',
        objectSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      }),
    }),
  ],
  namespaces: new Map([['shop', { labels: { 'istio-injection': 'enabled' }, annotations: {} }]]),
};

test('an explanation says that an answer was shared, and nothing of it where it was not', () => {
  const rules = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };
  const of = (isShared: boolean): string => {
    const one: Assessed = { ...next, injection: injection({ istiod: istiod() }), ...(isShared && { isShared }) };
    const row = rowOf({ ...one, step: { action: 'wait', reason: reason('proxy-newer-than-istiod', 'too new') } });
    return explanation({ assessed: one, mesh, row, rules });
  };
  assert.match(of(true), /would you inject .*\n {2}asked about a similar template of this namespace/);
  assert.doesNotMatch(of(false), /like template/);
});

test('an explanation tells every entry, the question, the answer, the pods, the gates and the verdict', () => {
  const one: Assessed = { ...next, injection: injection({ istiod: istiod({ image: 'istio/pilot:1.30.2' }) }) };
  const row = rowOf({ ...one, step: { action: 'wait', reason: reason('proxy-newer-than-istiod', 'too new') } });
  const rules = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };
  const text = explanation({ assessed: one, mesh, row, rules });
  for (const line of [
    'Deployment shop/web',
    '  istio-injection=enabled',
    '  ✔ istio-sidecar-injector/namespace.sidecar-injector.istio.io, matches',
    '  ✖ istio-sidecar-injector/x.sidecar-injector.istio.io: its objectSelector does not match: a Exists',
    '  would you inject a pod with this template? Asked of Service istio-system/istiod, port 443, path /inject, revision default',
    '  yes, docker.io/istio/proxyv2:1.31.0 of revision default (container)',
    '  3 × proxyv2:1.30.2 (default) (container), drift: image',
    '  G1 istiod-rolling: open',
    '  G4 proxy-newer-than-istiod: closed, the expected proxy is 1.31.0, istiod istio-system/istiod runs 1.30.2',
    '  outdated, wait, proxy-newer-than-istiod, too new',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\n--- in\n${text}`);
  }
});

test('an explanation tells how the cluster rewrites the image of the answer', () => {
  const rewritten = 'the cluster rewrites docker.io/istio/proxyv2:1.31.0 to harbor.corp/hub/istio/proxyv2:1.31.0';
  const one = assessed({}, { state: 'current', expected: expected(), drifts: [], rewritten });
  const rules = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };
  const text = explanation({ assessed: one, mesh, row: rowOf({ ...one, step: none }), rules });
  assert.ok(text.split('\n').includes(`  ${rewritten}`), text);
});

test('an explanation shows nothing of the template’s spec, which may carry secrets', () => {
  const secret = assessed({
    template: { labels: {}, annotations: {}, spec: { containers: [{ env: [{ value: 'hunter2' }] }] } },
  });
  const row = rowOf({ ...secret, step: none });
  const rules = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };
  assert.doesNotMatch(explanation({ assessed: secret, mesh, row, rules }), /hunter2/);
});

const configOf = (container: Record<string, unknown>) => sidecarConfig(container) ?? assert.fail();
const WANTED = configOf({
  resources: { limits: { cpu: '1' } },
  env: [{ name: 'LEVEL', value: 'debug' }],
  args: ['\u001b[2J'],
});
const ACTUAL = configOf({ resources: { limits: { cpu: '2' } }, env: [{ name: 'LEVEL', value: 'hunter2' }] });
const REPORTS = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };

/** The lines about live pods of a workload whose sidecar is configured in another way. */
function differenceLines(template = workload().template): string[] {
  const wanted = expected({ config: WANTED });
  const one: Assessed = {
    ...assessed({ template }, { state: 'current', expected: wanted, drifts: ['config'] }),
    groups: [group({ image: wanted.image, config: ACTUAL })],
  };
  const text = explanation({ assessed: one, mesh, row: rowOf({ ...one, step: none }), rules: REPORTS });
  return (text.split('Live pods\n')[1] ?? '').split('\n\n', 1)[0]?.split('\n') ?? [];
}

test('an explanation shows how a configuration differs, and no value of a variable but the injector’s', () =>
  assert.deepEqual(differenceLines(), [
    '  3 × proxyv2:1.31.0 (default) (container), drift: config',
    '    args: not set, expected ["\\u001b[2J"]',
    '    env[LEVEL].value: another value, expected debug',
    '    resources.limits.cpu: 2, expected 1',
  ]));

test('… nor that of a template that has the container itself', () =>
  assert.deepEqual(differenceLines({ labels: {}, annotations: {}, spec: { containers: [{ name: 'istio-proxy' }] } }), [
    '  3 × proxyv2:1.31.0 (default) (container), drift: config',
    '    args: not set, expected another value than that of the pod',
    '    env[LEVEL].value: another value, expected another value than that of the pod',
    '    resources.limits.cpu: 2, expected 1',
  ]));

test('an explanation shows a bounded number of differences', () => {
  const many = Array.from({ length: 50 }, (_, index) => ({ path: `p${index}`, wanted: 'x'.repeat(1000), actual: 1 }));
  const lines = differenceWords(many, true);
  assert.deepEqual(
    [lines.length, lines.at(-1), Math.max(...lines.map(({ length }) => length)) < 400],
    [21, '… and 30 more', true],
  );
});

test('an explanation tells about each sidecar, and of a wanted image that no webhook is asked', () => {
  const one = withSidecars([assessedSidecar(vault(), 'vault:2')], {
    state: 'current',
    expected: expected(),
    drifts: [],
  });
  const rules = { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) };
  const text = explanation({ assessed: one, mesh, row: rowOf({ ...one, step: none }), rules });
  const [, ...sections] = text.split('Question ');
  assert.deepEqual(
    sections.map((section) => section.split('\n').slice(0, 5)),
    [
      [
        '(istio)',
        '  would you inject a pod with this template? Asked of Service istio-system/istiod, port 443, path /inject, revision default',
        '',
        'Answer (istio)',
        '  yes, docker.io/istio/proxyv2:1.31.0 of revision default (container)',
      ],
      ['(vault)', '  none is asked; the policy says image vault:2', '', 'Answer (vault)', '  vault:2'],
    ],
  );
});

test('a row names the sidecar of the policy that it is about, and has the others', () => {
  const one = withSidecars([], { state: 'current', expected: expected(), drifts: [] });
  const { source, verdict, injection, match } = assessedSidecar(dapr, 'daprd:2');
  const istio = { match: one.match, groups: one.groups, verdict: one.verdict };
  const row = rowOf({
    ...one,
    source: dapr,
    verdict,
    match,
    ...(injection && { injection }),
    others: [istio],
    step: none,
  });
  assert.equal(source?.name, 'dapr');
  assert.deepEqual(
    [row.sidecar, row.webhook, row.revision, row.others],
    [
      'dapr',
      'dapr-sidecar-injector/sidecar-injector.dapr.io',
      undefined,
      [{ verdict: 'current', reason: '', detail: '', drifts: [], to: 'proxyv2:1.31.0 (default)' }],
    ],
  );
});
