import assert from 'node:assert/strict';
import { workloadOf } from '../../../src/cluster/workloads.ts';
import type { RawWorkload } from '../../../src/kinds/rawWorkload.ts';
import type { WorkloadKind } from '../../../src/model.ts';
import { RESTARTED_AT } from '../../../src/names.ts';

const owned = (...ownerReferences: object[]): RawWorkload => ({ metadata: { name: 'web', ownerReferences } });
const app = { apiVersion: 'example.com/v1', kind: 'App', name: 'main' };

const rows: [string, RawWorkload, object | undefined][] = [
  [
    'what it leaves out as null is empty',
    owned({ apiVersion: null, kind: 'App', name: null, controller: true }),
    { apiVersion: '', kind: 'App', name: '' },
  ],
  ['who controls it owns it', owned({ kind: 'Other' }, { ...app, controller: true }), app],
  ['who only refers to it does not', owned(app, { ...app, controller: false }), undefined],
  [
    'no text of it is longer than a real one can be',
    owned({ apiVersion: 'a'.repeat(1e6), kind: 'K'.repeat(1e6), name: 'n'.repeat(1e6), controller: true }),
    { apiVersion: 'a'.repeat(320), kind: 'K'.repeat(320), name: 'n'.repeat(320) },
  ],
  ['nobody', owned(), undefined],
  ['no references at all', { metadata: { name: 'web' } }, undefined],
];
for (const [name, raw, owner] of rows)
  test(`the owner of a workload: ${name}`, () => assert.deepEqual(workloadOf('StatefulSet', raw).owner, owner));

test('malformed references make a malformed workload, which is not restarted', () =>
  assert.equal(workloadOf('StatefulSet', owned({ controller: 'yes' })).strategy, 'malformed'));

const APPLIED = { 'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': { [`f:${RESTARTED_AT}`]: {} } } } } };
const TIME = '2026-01-01T00:00:00Z';
const field = (manager: string, operation: string, time = TIME): object => ({
  manager,
  operation,
  time,
  fieldsV1: APPLIED,
});
const managers: [string, object[], number | undefined][] = [
  ['nobody', [], undefined],
  ['who applies the restart annotation tells nothing of us', [field('argocd', 'Apply')], undefined],
  ['who once wrote it does not either', [field('kubectl-rollout', 'Update')], undefined],
  ['our own write tells its time', [field('meltemi', 'Update')], Date.parse(TIME)],
  [
    '… the last of several',
    [field('meltemi', 'Update', '2025-01-01T00:00:00Z'), field('meltemi', 'Update')],
    Date.parse(TIME),
  ],
];
for (const [name, managedFields, time] of managers) {
  test(`field managers: ${name}`, () =>
    assert.equal(workloadOf('Deployment', { metadata: { managedFields } }).writtenAt, time));
}

const strategies: [string, WorkloadKind, object, [strategy: string, partition: number, maxUnavailable: number]][] = [
  ['a Deployment that says nothing rolls', 'Deployment', { replicas: 4 }, ['RollingUpdate', 0, 1]],
  ['Recreate takes all', 'Deployment', { replicas: 4, strategy: { type: 'Recreate' } }, ['Recreate', 0, 4]],
  [
    'a percentage of a Deployment is rounded down',
    'Deployment',
    { replicas: 3, strategy: { rollingUpdate: { maxUnavailable: '50%' } } },
    ['RollingUpdate', 0, 1],
  ],
  [
    'neither surge nor unavailability: one at a time',
    'Deployment',
    { replicas: 3, strategy: { rollingUpdate: { maxUnavailable: '10%', maxSurge: 0 } } },
    ['RollingUpdate', 0, 1],
  ],
  [
    'a partition',
    'StatefulSet',
    { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
    ['RollingUpdate', 2, 1],
  ],
];
for (const [name, kind, spec, expected] of strategies) {
  test(`strategy: ${name}`, () => {
    const { strategy, partition, maxUnavailable } = workloadOf(kind, { spec } as RawWorkload);
    assert.deepEqual([strategy, partition, maxUnavailable], expected);
  });
}

const rolling = (replicas: number, maxUnavailable: Amount, maxSurge: Amount): object => ({
  replicas,
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
});
type Amount = number | string | undefined;
const roundings: [kind: WorkloadKind, pods: number, unavailable: Amount, surge: Amount, is: number][] = [
  ['StatefulSet', 4, '40%', undefined, 1],
  ['StatefulSet', 10, '25%', undefined, 2],
  ['StatefulSet', 3, '50%', undefined, 1],
  ['StatefulSet', 3, '10%', undefined, 1],
  ['StatefulSet', 8, '99%', undefined, 7],
  ['StatefulSet', 8, '100%', undefined, 8],
  ['StatefulSet', 8, 3, undefined, 3],
  ['StatefulSet', 8, undefined, undefined, 1],
  ['DaemonSet', 10, '25%', undefined, 3],
  ['DaemonSet', 3, '10%', undefined, 1],
  ['DaemonSet', 3, undefined, undefined, 1],
  ['DaemonSet', 3, 0, '10%', 0],
  ['DaemonSet', 3, 0, 0, 1],
  ['Deployment', 10, '25%', '25%', 2],
  ['Deployment', 3, '10%', '10%', 0],
  ['Deployment', 3, '10%', 0, 1],
  ['Deployment', 3, 0, '0%', 1],
  ['Deployment', 4, undefined, undefined, 1],
  ['Deployment', 2, 5, undefined, 2],
  ['Deployment', 0, 1, undefined, 0],
];
for (const [kind, pods, unavailable, surge, is] of roundings) {
  const said = [unavailable, surge].map((value) => value ?? 'unset').join(' and a surge of ');
  test(`of ${pods} pods of a ${kind} with maxUnavailable ${said}, ${is} may be unavailable`, () => {
    const status = { desiredNumberScheduled: pods };
    assert.equal(
      workloadOf(kind, { spec: rolling(pods, unavailable, surge), status } as RawWorkload).maxUnavailable,
      is,
    );
  });
}

test('what controllers say is kept no longer than a sentence or two', () => {
  const message = 'x'.repeat(100_000);
  const conditions = [
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message },
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message },
  ];
  const { createFailure = '', deadlineExceeded = '' } = workloadOf('Deployment', { status: { conditions } }).rollout;
  assert.deepEqual([createFailure.length, deadlineExceeded.length], [500, 500]);
});

test('why pods cannot be created is quoted from the component that refused them', () => {
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' }];
  assert.equal(workloadOf('Deployment', { status: { conditions } }).rollout.createFailure, 'exceeded quota');
  const over = [{ ...conditions[0], status: 'False' }];
  assert.equal(workloadOf('Deployment', { status: { conditions: over } }).rollout.createFailure, undefined);
});

test('the spec of a pod template is as it was read, and is kept as text: each look makes an object of its own', () => {
  const spec = { containers: [{ name: 'app', image: 'web:1', ports: [{ containerPort: 8080 }] }] };
  const { template } = workloadOf('Deployment', { metadata: { name: 'web' }, spec: { template: { spec } } });
  const [first, second] = [template.spec, template.spec];
  assert.deepEqual([first, second, { ...template }.spec], [spec, spec, spec]);
  assert.notEqual(first, second);
});
