import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusError } from '../../../src/cluster/apiError.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { remembering } from '../../../src/cluster/memory.ts';
import { ANNOTATION } from '../../../src/names.ts';
import { workload } from '../../builders/workload.ts';

const record = { [ANNOTATION.restartedFor]: 'x', [ANNOTATION.restartedAt]: '2026-01-01T00:00:00Z', other: '1' };

/** A cluster of one workload, whose annotations somebody replaces. */
function clusterOf(state: { annotations: Record<string, string>; uid: string }): Cluster {
  const now = () => Promise.resolve(workload(state));
  return { workload: now, workloads: async () => [await now()], patch: now } as unknown as Cluster;
}

test('a record that an owner wiped is shown all the same, and only the record', async () => {
  const state = { uid: 'a', annotations: { ...record } };
  const cluster = remembering(clusterOf(state));
  await cluster.patch(workload(), {});
  state.annotations = {} as typeof state.annotations;
  const { other: _theirs, ...ours } = record;
  assert.deepEqual((await cluster.workload(workload()))?.annotations, ours);
  assert.deepEqual((await cluster.workloads('Deployment', undefined, AbortSignal.abort()))[0]?.annotations, ours);
});

const shown: [string, Record<string, string>, string][] = [
  ['a later record of somebody else', { [ANNOTATION.restartedAt]: '2026-01-01T00:01:00Z' }, 'theirs'],
  ['an earlier one that was put back with the manifest', { [ANNOTATION.restartedAt]: '2025-12-31T00:00:00Z' }, 'ours'],
  ['the same one with an outcome', { [ANNOTATION.outcome]: 'verified' }, 'theirs'],
];
for (const [name, given, whose] of shown) {
  test(`beside what is remembered, ${name}: ${whose} is shown`, async () => {
    const state = { uid: 'a', annotations: { ...record } };
    const cluster = remembering(clusterOf(state));
    await cluster.patch(workload(), {});
    state.annotations = { ...record, [ANNOTATION.restartedFor]: 'theirs', ...given };
    const seen = (await cluster.workload(workload()))?.annotations[ANNOTATION.restartedFor];
    assert.equal(seen === 'theirs' ? 'theirs' : 'ours', whose);
  });
}

test('a record of a former process is recalled from the controllers’ copies', async () => {
  const state = { uid: 'a', annotations: {} };
  const copies = async (keeper: string) => new Map(keeper === 'replicasets' ? [['a', record]] : []);
  const cluster = remembering({ ...clusterOf(state), recordCopies: copies });
  assert.deepEqual(await cluster.recall(undefined, new AbortController().signal), []);
  assert.equal((await cluster.workload(workload()))?.annotations[ANNOTATION.restartedFor], 'x');
});

test('copies that may not be read are told, the others are taken all the same', async () => {
  const state = { uid: 'a', annotations: {} };
  const forbidden = statusError({ method: 'GET', path: '/apis/apps/v1/controllerrevisions' }, { code: 403 });
  const copies = async (keeper: string) => {
    if (keeper !== 'replicasets') throw forbidden;
    return new Map([['a', record]]);
  };
  const cluster = remembering({ ...clusterOf(state), recordCopies: copies });
  assert.deepEqual(await cluster.recall(undefined, new AbortController().signal), [forbidden]);
  assert.equal((await cluster.workload(workload()))?.annotations[ANNOTATION.restartedFor], 'x');
});

test('another object of the same name has no record', async () => {
  const state = { uid: 'a', annotations: { ...record } };
  const cluster = remembering(clusterOf(state));
  await cluster.patch(workload(), {});
  Object.assign(state, { uid: 'b', annotations: {} });
  assert.deepEqual((await cluster.workload(workload()))?.annotations, {});
});

test('a record that was only read, because the answer to its write was lost, is remembered too', async () => {
  const state = { uid: 'a', annotations: { ...record } };
  const cluster = remembering(clusterOf(state));
  await cluster.workload(workload());
  state.annotations = {} as typeof state.annotations;
  const { other: _theirs, ...ours } = record;
  assert.deepEqual((await cluster.workload(workload()))?.annotations, ours);
});
