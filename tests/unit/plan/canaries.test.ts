import assert from 'node:assert/strict';
import { canaryOf } from '../../../src/cluster/canaries.ts';
import type { Canary } from '../../../src/model.ts';
import { canariesOfPrimaries, canaryRole } from '../../../src/plan/canaries.ts';
import { plan } from '../../../src/plan/plan.ts';
import { context, policy } from '../../builders/policy.ts';
import { assessed, workload } from '../../builders/workload.ts';

const canary = (given: Partial<Canary> = {}): Canary => ({
  namespace: 'shop',
  name: 'web',
  target: { kind: 'Deployment', name: 'web' },
  phase: 'Succeeded',
  ...given,
});
const primary = workload({
  name: 'web-primary',
  owner: { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name: 'web' },
});

const roles: [what: string, given: Canary, of: ReturnType<typeof workload>, role: string | undefined][] = [
  ['the target', canary(), workload(), 'target'],
  ['the primary', canary(), primary, 'primary'],
  ['another workload of its namespace', canary(), workload({ name: 'webber' }), undefined],
  ['a workload of another kind', canary(), workload({ kind: 'DaemonSet' }), undefined],
  ['a DaemonSet', canary({ target: { kind: 'DaemonSet', name: 'web' } }), workload({ kind: 'DaemonSet' }), 'target'],
  ['a workload of another namespace', canary({ namespace: 'tenant' }), workload(), undefined],
];
for (const [what, given, of, role] of roles)
  test(`the role in a Canary of ${what}`, () => assert.equal(canaryRole([given], of)?.role, role));

test('of several Canaries, the one that holds a workload most counts', () => {
  const working = canary({ name: 'working', phase: 'Progressing' });
  const asTarget = canary({ name: 'odd', target: { kind: 'Deployment', name: 'web-primary' } });
  assert.equal(canaryRole([canary(), working], primary)?.canary, working);
  assert.equal(canaryRole([canary(), working, asTarget], primary)?.role, 'target');
});

const phases: [phase: string | undefined, waits: boolean][] = [
  ['Initializing', true],
  ['Progressing', true],
  ['Waiting', true],
  ['WaitingPromotion', true],
  ['Promoting', true],
  ['Finalising', true],
  ['Terminating', true],
  ['', true],
  [undefined, true],
  ['a phase of a later version', true],
  ['Initialized', false],
  ['Succeeded', false],
  ['Failed', false],
  ['Terminated', false],
];
for (const [phase, waits] of phases)
  test(`the primary of a Canary ${waits ? 'waits' : 'is restarted'}: ${phase ?? 'may not be read'}`, () => {
    const one = { ...assessed(primary), canary: { role: 'primary' as const, canary: canary({ phase }) } };
    const step = plan([one], context()).items[0]?.step;
    assert.equal(step?.action === 'wait' ? step.reason.code : step?.action, waits ? 'canary-analysis' : 'restart');
  });

test('primaries tell of Canaries that may not be read', () => {
  const told = canariesOfPrimaries([workload(), primary, workload({ ...primary, name: 'odd' })]);
  assert.deepEqual(told, [canary({ phase: undefined })]);
  assert.equal(canaryRole(told, workload())?.role, 'target');
});

test('primaries are not restarted one by one, as the workloads of one operator are', () => {
  const another = { ...primary, name: 'cart-primary', uid: 'another' };
  const { items } = plan(
    [assessed(primary), assessed(another)],
    context({ policy: policy({ maxInFlightPerNamespace: 2 }) }),
  );
  assert.deepEqual(
    items.map(({ step }) => step.action),
    ['restart', 'restart'],
  );
});

const raws: [what: string, raw: object, about: boolean][] = [
  [
    'a Canary',
    { metadata: {}, spec: { targetRef: { kind: 'Deployment', name: 'web' } }, status: { phase: 'Failed' } },
    true,
  ],
  ['one without a target', { metadata: {}, spec: {} }, false],
  ['one with wrong types', { metadata: {}, spec: { targetRef: { kind: 1, name: [] } } }, false],
  ['one with nulls', { metadata: null, spec: null, status: null }, false],
];
for (const [what, raw, about] of raws)
  test(`as the API server serves it: ${what}`, () => assert.equal(canaryOf(raw as never) !== undefined, about));

test('a phase of any length is kept in short', () => {
  const spec = { targetRef: { kind: 'Deployment', name: 'web' } };
  assert.ok((canaryOf({ spec, status: { phase: 'x'.repeat(10_000) } })?.phase?.length ?? 0) <= 40);
});
