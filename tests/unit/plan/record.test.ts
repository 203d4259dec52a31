import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATION, RESTARTED_AT } from '../../../src/names.ts';
import { nextRecord, recordOf, restartPatch, timestamp } from '../../../src/plan/record.ts';
import { rolloutState } from '../../../src/plan/rollout.ts';
import { complete, expected, MINUTE, NOW, workload } from '../../builders/workload.ts';

interface Patch {
  metadata: { resourceVersion: string; annotations: Record<string, string | null> };
  spec: { template: { metadata: { annotations: Record<string, string> } } };
}

const written = (annotations: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(annotations).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));

test('the record is read back from its own patch', () => {
  const record = nextRecord(workload(), expected(), 'run', NOW + 999);
  const patch = restartPatch('7', record) as Patch;
  assert.deepEqual(recordOf(workload({ annotations: written(patch.metadata.annotations) })), record);
});

test('one patch carries record, template annotation and the version it was decided on', () => {
  const patch = restartPatch('7', nextRecord(workload(), expected(), 'run', NOW)) as Patch;
  assert.equal(patch.metadata.resourceVersion, '7');
  assert.equal(
    patch.spec.template.metadata.annotations[RESTARTED_AT],
    patch.metadata.annotations[ANNOTATION.restartedAt],
  );
  assert.equal(patch.metadata.annotations[ANNOTATION.outcome], '', 'written, so that no copy keeps an earlier one');
});

test('the time is written as kubectl writes it', () => assert.equal(timestamp(NOW), '2026-01-01T00:00:00Z'));

/** A workload that carries a record and an outcome. */
const after = (record: ReturnType<typeof nextRecord>, outcome: string): ReturnType<typeof workload> => {
  const { metadata } = restartPatch('7', record) as Patch;
  return workload({ annotations: { ...written(metadata.annotations), [ANNOTATION.outcome]: outcome } });
};

test('attempts count within an episode', () => {
  const first = nextRecord(workload(), expected(), 'run', NOW);
  const second = nextRecord(after(first, 'failed:timeout'), expected(), 'run', NOW + MINUTE);
  assert.deepEqual([first.attempts, second.attempts, second.writes.length], [1, 2, 2]);
});

test('a new episode counts from one, the day’s writes go on', () => {
  const first = nextRecord(workload(), expected(), 'run', NOW);
  const next = nextRecord(after(first, 'verified'), expected(), 'run', NOW + MINUTE);
  assert.deepEqual([next.attempts, next.writes.length], [1, 2]);
});

test('of the writes the last three are kept', () => {
  let record = nextRecord(workload(), expected(), 'run', NOW);
  for (let i = 1; i < 5; i++) record = nextRecord(after(record, 'verified'), expected(), 'run', NOW + i * MINUTE);
  assert.deepEqual(record.writes, [NOW + 4 * MINUTE, NOW + 3 * MINUTE, NOW + 2 * MINUTE]);
});

test('a clock that runs behind makes no record that would be taken for a copied one', () => {
  const young = workload({ createdAt: NOW });
  const { metadata } = restartPatch('7', nextRecord(young, expected(), 'run', NOW - 5 * MINUTE)) as Patch;
  assert.ok(recordOf(workload({ createdAt: NOW, annotations: written(metadata.annotations) })));
});

test('… nor a restart that is no newer than the one before', () => {
  const first = nextRecord(workload(), expected(), 'run', NOW);
  assert.equal(nextRecord(after(first, 'verified'), expected(), 'run', NOW).restartedAt, NOW + 1000);
});

test('a time of no calendar is no time', () => {
  assert.equal(
    recordOf(
      workload({
        annotations: { [ANNOTATION.restartedFor]: 'x', [ANNOTATION.restartedAt]: '+275760-09-13T00:00:00Z' },
      }),
    ),
    undefined,
  );
});

const unreadable: [string, Record<string, string>][] = [
  ['no annotations', {}],
  ['a time that is none', { [ANNOTATION.restartedFor]: 'x', [ANNOTATION.restartedAt]: 'yesterday' }],
  ['no fingerprint', { [ANNOTATION.restartedAt]: timestamp(NOW) }],
];
for (const [name, annotations] of unreadable) {
  test(`${name}: no record`, () => assert.equal(recordOf(workload({ annotations })), undefined));
}

const rollouts: [string, Parameters<typeof workload>[0], string][] = [
  ['all updated and available', {}, 'complete'],
  ['not observed yet', { generation: 2 }, 'progressing'],
  ['some not updated', { rollout: { ...complete(3), updated: 2 } }, 'progressing'],
  ['old pods left', { rollout: { ...complete(3), existing: 4 } }, 'progressing'],
  ['some not available', { rollout: { ...complete(3), available: 2 } }, 'progressing'],
  ['the deadline is exceeded', { rollout: { ...complete(3), updated: 1, deadlineExceeded: 'late' } }, 'stuck'],
  [
    'an old deadline says nothing about a new generation',
    { generation: 2, rollout: { ...complete(3), deadlineExceeded: 'late' } },
    'progressing',
  ],
  [
    'a StatefulSet between revisions',
    { kind: 'StatefulSet', rollout: { ...complete(3), updateRevision: 'r2' } },
    'progressing',
  ],
  [
    'a StatefulSet with more pods than wanted is not judged by that',
    { kind: 'StatefulSet', rollout: { ...complete(3), existing: 4 } },
    'complete',
  ],
  [
    'a StatefulSet whose pods from the partition on are updated',
    { kind: 'StatefulSet', partition: 2, rollout: { ...complete(3), updated: 1, updateRevision: 'r2' } },
    'complete',
  ],
  [
    'a StatefulSet with one to go after its partition',
    { kind: 'StatefulSet', partition: 1, rollout: { ...complete(3), updated: 1, updateRevision: 'r2' } },
    'progressing',
  ],
  ['a DaemonSet on every node', { kind: 'DaemonSet' }, 'complete'],
  ['a scaled down one', { rollout: complete(0) }, 'complete'],
];
for (const [name, given, expectedKind] of rollouts) {
  test(`rollout: ${name} is ${expectedKind}`, () => assert.equal(rolloutState(workload(given)).kind, expectedKind));
}
