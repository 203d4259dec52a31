import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh } from '../../src/expect/mesh.ts';
import type { Workload } from '../../src/model.ts';
import { workload } from '../builders/workload.ts';
import { until } from './cluster/deadline.ts';
import { MESH, OperatorBench } from './operatorBench.ts';

/**
 * Leads over these workloads, all outdated, until one is patched; those of the names cannot be looked at by themselves.
 * @param meshes as the watch has it, one call after the other, the last from then on
 */
async function firstPatched(
  all: readonly Workload[],
  forbidden: readonly string[],
  meshes = [MESH],
): Promise<{ first: string; looks: number }> {
  let calls = 0;
  const mesh = (): Mesh => meshes[calls++] ?? (meshes.at(-1) as Mesh);
  await using bench = new OperatorBench({ workloads: () => all, forbidden, mesh, policy: { maxInFlight: 1 } }).start();
  await until('the first patch', () => bench.patched.length > 0).catch(() => undefined);
  return { first: bench.patched[0] ?? 'nobody', looks: bench.looks };
}

test('a workload that cannot be looked at gives its slot to the next', async () => {
  const [a, b] = ['a', 'b'].map((name) => workload({ kind: 'StatefulSet', name, uid: name }));
  assert.equal((await firstPatched([a, b] as Workload[], [])).first, 'a');
  assert.equal((await firstPatched([a, b] as Workload[], ['a'])).first, 'b');
});

test('a mesh that has just changed is waited for without looking again and again', async () => {
  const { first, looks } = await firstPatched(
    [workload({ kind: 'StatefulSet' })],
    [],
    [MESH, { ...MESH, injections: [] }],
  );
  assert.equal(first, 'nobody');
  assert.ok(looks < 10, `${looks} looks`);
});
