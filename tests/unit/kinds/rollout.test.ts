import assert from 'node:assert/strict';
import { workloadOf } from '../../../src/cluster/workloads.ts';
import { ALLOWS_MOST } from '../../../src/kinds/kindPolicy.ts';
import { ownerKind } from '../../../src/kinds/kinds.ts';
import type { Workload } from '../../../src/model.ts';
import { plan } from '../../../src/plan/plan.ts';
import { isSettled, rolloutState } from '../../../src/plan/rollout.ts';
import { byRestartAt } from '../../../src/restart/byRestartAt.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { restarted } from '../../builders/journal.ts';
import { context } from '../../builders/policy.ts';
import { assessed, MINUTE, NOW } from '../../builders/workload.ts';

const STABLE = { currentPodHash: 'a', stableRS: 'a', phase: 'Healthy' };
const COUNTS = { replicas: 4, updatedReplicas: 4, readyReplicas: 4, availableReplicas: 4, observedGeneration: '7' };

/** A Rollout as the API server serves it. */
const rollout = (spec: object = {}, status: object = {}): Workload =>
  workloadOf('Rollout', {
    metadata: { namespace: 'shop', name: 'web', uid: 'u', generation: 7 },
    spec: { replicas: 4, strategy: { canary: {} }, ...spec } as never,
    status: { ...COUNTS, ...STABLE, ...status } as never,
  });

test('a healthy Rollout is settled and complete, and nothing of it is pending', () => {
  const read = rollout();
  assert.deepEqual([isSettled(read), rolloutState(read).kind, read.pendingUpdate], [true, 'complete', undefined]);
  assert.deepEqual([read.strategy, read.rollout.observedGeneration], ['canary', 7]);
});

const pending: [what: string, spec: object, status: object, said: RegExp | undefined][] = [
  ['aborted', {}, { abort: true }, /aborted/],
  [
    'paused at a step',
    STEPS(),
    { pauseConditions: [{ reason: 'CanaryPauseStep' }], currentStepIndex: 1 },
    /step 1 of 2/,
  ],
  ['between steps', STEPS(), { currentPodHash: 'b', currentStepIndex: 0 }, /in progress at step 0 of 2/],
  ['never promoted', {}, { stableRS: '' }, /first version/],
  ['a preview', { strategy: { blueGreen: {} } }, { blueGreen: { activeSelector: 'b' } }, /preview/],
  ['degraded', {}, { phase: 'Degraded', message: 'InvalidSpec' }, /degraded: InvalidSpec/],
  ['pods that are not available', {}, { phase: 'Progressing', availableReplicas: 1 }, undefined],
  ['a restart in progress', { restartAt: timestamp(NOW) }, { phase: 'Progressing' }, undefined],
];
for (const [what, spec, status, said] of pending)
  test(`an update of its people: ${what}`, () => {
    const { pendingUpdate } = rollout(spec, status);
    if (said) assert.match(pendingUpdate?.detail ?? '', said);
    else assert.equal(pendingUpdate, undefined);
  });

function STEPS(): object {
  return { strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } } };
}

const restarts: [what: string, spec: object, status: object, isSettledThen: boolean][] = [
  ['none was asked for', {}, {}, true],
  ['in progress', { restartAt: timestamp(NOW) }, {}, false],
  ['another one was done', { restartAt: timestamp(NOW) }, { restartedAt: timestamp(NOW - MINUTE) }, false],
  ['done', { restartAt: timestamp(NOW) }, { restartedAt: timestamp(NOW) }, true],
  ['planned by its people', { restartAt: '2099-01-01T00:00:00Z' }, {}, false],
];
for (const [what, spec, status, expected] of restarts)
  test(`a restart by restartAt: ${what}`, () => assert.equal(isSettled(rollout(spec, status)), expected));

test('a planned restart of its people is waited for', () => {
  const planned = plan([assessed(rollout({ restartAt: '2099-01-01T00:00:00Z' }))], context()).items[0];
  assert.equal(planned?.step.action === 'wait' && planned.step.reason.code, 'rolling');
});

test('a pending update waits, but pods that are late after our own failed restart do not hold the next', () => {
  const at = NOW - 30 * MINUTE;
  const late = { phase: 'Degraded', conditions: [{ reason: 'ProgressDeadlineExceeded', message: 'late' }] };
  const own = { ...late, restartedAt: timestamp(at), availableReplicas: 0 };
  const read = rollout({ restartAt: timestamp(at) }, own);
  assert.equal(read.pendingUpdate?.isLate, true);
  const stepOf = (workload: Workload) => {
    const entry = restarted(30 * MINUTE, 'failed:timeout', { uid: 'u', restartedFor: 'another', run: 'before' });
    const failed = { ...assessed(workload), entry };
    return plan([failed], context()).items[0]?.step;
  };
  const step = stepOf(read);
  assert.equal(step?.action === 'wait' ? step.reason.code : step?.action, 'restart');
  const aborted = stepOf(rollout({ restartAt: timestamp(at) }, { ...own, abort: true }));
  assert.equal(aborted?.action === 'wait' && aborted.reason.code, 'update-pending');
});

const unavailable: [what: string, strategy: object, expected: number][] = [
  ['a quarter by default', { canary: {} }, 1],
  ['at least one, as its controller has it', { canary: { maxUnavailable: 0 } }, 1],
  ['a share, rounded down', { blueGreen: { maxUnavailable: '70%' } }, 2],
  ['never more than there are', { canary: { maxUnavailable: 9 } }, 4],
  ['null is the default', { canary: { maxUnavailable: null } }, 1],
];
for (const [what, strategy, expected] of unavailable)
  test(`pods that a restart may take: ${what}`, () => assert.equal(rollout({ strategy }).maxUnavailable, expected));

const refused: [what: string, spec: object, said: RegExp | undefined][] = [
  ['a canary', {}, undefined],
  ['without a strategy', { strategy: {} }, /none/],
  ['with the template of a Deployment', { workloadRef: { kind: 'Deployment', name: 'web' } }, undefined],
  ['with that of a PodTemplate', { workloadRef: { kind: 'PodTemplate', name: 'web' } }, /workloadRef to a PodTemplate/],
  ['with wrong types', { workloadRef: 'web' }, /malformed/],
  // its CRD lets anything stand in the resources of a container
  ['with a template that is nested too deeply to be written as JSON', { template: nestedIn(5000) }, /malformed/],
  ['with a template that is nested more deeply than any pod', { template: nestedIn(100) }, /malformed/],
  ['with a template as deep as pods can be', { template: nestedIn(20) }, undefined],
];
for (const [what, spec, said] of refused)
  test(`refused: ${what}`, () => {
    const why = ownerKind('Rollout').refuses(rollout(spec), ALLOWS_MOST);
    if (said) assert.match(why ?? '', said);
    else assert.equal(why, undefined);
  });

function nestedIn(depth: number): object {
  const limits: unknown = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  return { spec: { containers: [{ name: 'app', image: 'app', resources: { limits } }] } };
}

for (const name of ['', '..', 'a/b', 'Web', 'x'.repeat(300)])
  test(`a workloadRef to an impossible name is one to nothing: ${name.slice(0, 5)}`, () =>
    assert.equal(rollout({ workloadRef: { kind: 'Deployment', name } }).templateFrom?.name, ''));

test('nulls where anything may stand are read as absent', () => {
  const nulls = { pauseConditions: null, blueGreen: null, restartedAt: null, phase: null, currentStepIndex: null };
  const read = rollout({ restartAt: null, workloadRef: null, strategy: { canary: null } }, nulls);
  assert.deepEqual([read.pendingUpdate, read.restart, read.templateFrom], [undefined, undefined, undefined]);
});

test('a generation in words that is no number counts as not seen', () =>
  assert.equal(isSettled(rollout({}, { observedGeneration: '6f8b' })), false));

test('what is written is restartAt alone', () =>
  assert.deepEqual(byRestartAt.begin(NOW), { spec: { restartAt: timestamp(NOW) } }));
