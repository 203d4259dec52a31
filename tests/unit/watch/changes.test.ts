import assert from 'node:assert/strict';
import type { Mesh } from '../../../src/expect/mesh.ts';
import type { RolloutReport } from '../../../src/model.ts';
import { unmixed } from '../../../src/watch/changes.ts';
import { complete, injection, istiod } from '../../builders/workload.ts';

const meshOf = (rollout: RolloutReport, epoch = 'epoch'): Mesh => ({
  injections: [injection({ epoch, istiod: istiod({ rollout }) })],
  namespaces: new Map(),
});
const rolling = { ...complete(2), existing: 3, updated: 1 };

const rows: [string, Mesh, Mesh, number][] = [
  ['a rollout that ended makes its answers doubtful', meshOf(rolling), meshOf(complete(2)), 1],
  ['… one that goes on does not yet', meshOf(rolling), meshOf({ ...rolling, updated: 2 }), 0],
  ['… of another epoch neither: nothing is kept for it', meshOf(rolling, 'before'), meshOf(complete(2)), 0],
  ['scaling does not', meshOf({ ...complete(3), ready: 2, available: 2 }), meshOf(complete(3)), 0],
  [
    'a template that its controller has not seen yet is as good as rolling',
    meshOf({ ...complete(2), observedGeneration: 0 }),
    meshOf(complete(2)),
    1,
  ],
];
for (const [name, before, after, expected] of rows)
  test(name, () => assert.equal(unmixed(before, after).length, expected));
