import assert from 'node:assert/strict';
import type { KindPolicy } from '../../../src/kinds/kindPolicy.ts';
import { ownerKind } from '../../../src/kinds/kinds.ts';
import type { Workload } from '../../../src/model.ts';
import { workload } from '../../builders/workload.ts';

const revisions = (currentRevision: string, updateRevision: string): Pick<Workload, 'rollout'> => ({
  rollout: { ...workload().rollout, currentRevision, updateRevision },
});
const undone: [what: string, given: Partial<Workload>, isDone: boolean][] = [
  ['whose update revision is the current one', revisions('b', 'b'), true],
  ['whose update revision is not the current one yet', revisions('a', 'b'), false],
  ['with a partition, which keeps the current revision', { ...revisions('a', 'b'), partition: 1 }, true],
  ['with OnDelete, which keeps the current revision', { ...revisions('a', 'b'), strategy: 'OnDelete' }, true],
];
for (const [what, given, isDone] of undone)
  test(`a StatefulSet ${what} ${isDone ? 'has nothing' : 'has something'} left to do`, () => {
    const statefulSet = workload({ kind: 'StatefulSet', strategy: 'RollingUpdate', partition: 0, ...given });
    assert.equal(ownerKind('StatefulSet').leftToDo(statefulSet) === undefined, isDone);
  });

const owner = { apiVersion: 'example.com/v1', kind: 'App', name: 'main' };
const refusals: [kind: string, Partial<Workload>, KindPolicy['onDelete'], refused: string | undefined][] = [
  ['StatefulSet', { strategy: 'RollingUpdate' }, 'never', undefined],
  ['StatefulSet', { strategy: 'OnDelete' }, 'never', 'OnDelete'],
  ['StatefulSet', { strategy: 'OnDelete' }, 'evict', undefined],
  ['StatefulSet', { strategy: 'OnDelete' }, 'annotate', undefined],
  ['StatefulSet', { strategy: 'malformed' }, 'evict', 'malformed'],
  ['DaemonSet', { strategy: 'RollingUpdate' }, 'never', undefined],
  ['DaemonSet', { strategy: 'OnDelete' }, 'never', 'OnDelete'],
  ['DaemonSet', { strategy: 'OnDelete' }, 'annotate', 'OnDelete'],
  ['DaemonSet', { strategy: 'OnDelete' }, 'evict', undefined],
  ['DaemonSet', { strategy: 'malformed' }, 'evict', 'malformed'],
  ['ReplicaSet', { strategy: 'RollingUpdate' }, 'evict', undefined],
  ['ReplicaSet', { strategy: 'RollingUpdate' }, 'never', 'no controller replaces its pods'],
  ['ReplicaSet', { strategy: 'RollingUpdate', owner }, 'evict', 'it belongs to a App'],
  ['ReplicaSet', { strategy: 'malformed' }, 'evict', 'malformed'],
];
for (const [kind, given, onDelete, refused] of refusals)
  test(`a ${kind} ${JSON.stringify(given)} with --on-delete=${onDelete} is ${refused ? 'refused' : 'restarted'}`, () =>
    assert.equal(ownerKind(kind).refuses(workload({ kind, ...given }), { onDelete }), refused));
