import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RawWorkload, workloadOf } from '../../../src/cluster/workloads.ts';

const owned = (...ownerReferences: object[]): RawWorkload => ({ metadata: { name: 'web', ownerReferences } });
const app = { apiVersion: 'example.com/v1', kind: 'App', name: 'main' };

const rows: [string, RawWorkload, object | undefined][] = [
  ['who controls it owns it', owned({ kind: 'Other' }, { ...app, controller: true }), app],
  ['who only refers to it does not', owned(app, { ...app, controller: false }), undefined],
  ['nobody', owned(), undefined],
  ['no references at all', { metadata: { name: 'web' } }, undefined],
];
for (const [name, raw, owner] of rows)
  test(`the owner of a workload: ${name}`, () => assert.deepEqual(workloadOf('StatefulSet', raw).owner, owner));

test('malformed references make a malformed workload, which nobody restarts', () =>
  assert.equal(workloadOf('StatefulSet', owned({ controller: 'yes' })).strategy, 'malformed'));
