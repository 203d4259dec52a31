import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('a record that is there is not touched', async () => {
  const state = { uid: 'a', annotations: { ...record } };
  const cluster = remembering(clusterOf(state));
  await cluster.patch(workload(), {});
  state.annotations = { ...record, [ANNOTATION.restartedFor]: 'newer' };
  assert.equal((await cluster.workload(workload()))?.annotations[ANNOTATION.restartedFor], 'newer');
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
