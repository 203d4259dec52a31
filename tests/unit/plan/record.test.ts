import assert from 'node:assert/strict';
import type { ExpectedSidecar } from '../../../src/expect/answer.ts';
import { ANNOTATION, RESTARTED_AT } from '../../../src/names.ts';
import {
  fingerprint,
  outcomePatch,
  recordOf,
  restartPatch,
  restartPatchWithoutRecord,
  WRITES_KEPT,
} from '../../../src/plan/record.ts';
import { rolloutState } from '../../../src/plan/rollout.ts';
import { byTemplateAnnotation } from '../../../src/restart/byTemplateAnnotation.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { recorded, restarted, writesAgo } from '../../builders/journal.ts';
import { complete, expected, HOUR, NOW, workload } from '../../builders/workload.ts';

interface Patch {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Record<string, string> };
  readonly spec?: { readonly template: { readonly metadata: { readonly annotations: Record<string, string> } } };
}

const RECORD = {
  restartedFor: 'f',
  restartedAt: NOW,
  attempts: 2,
  writes: [{ at: NOW, well: false }, ...writesAgo([1], true), ...writesAgo([2])],
  run: 'run',
  retried: 'please',
};

const BEGINNING = byTemplateAnnotation.begin(RECORD.restartedAt);

test('the record is read back from its own patch', () => {
  const { metadata } = restartPatch('7', RECORD, BEGINNING) as Patch;
  assert.deepEqual(recordOf(workload({ annotations: metadata.annotations ?? {} })), RECORD);
});

test('one patch carries record, template annotation and the version it was decided on', () => {
  const { metadata, spec } = restartPatch('7', RECORD, BEGINNING) as Patch;
  assert.equal(metadata.resourceVersion, '7');
  assert.equal(spec?.template.metadata.annotations[RESTARTED_AT], metadata.annotations?.[ANNOTATION.restartedAt]);
  assert.equal(metadata.annotations?.[ANNOTATION.outcome], '', 'written, so that no copy keeps an earlier one');
});

test('the bare patch carries nothing but the template annotation and the version it was decided on', () =>
  assert.deepEqual(restartPatchWithoutRecord('7', RECORD, BEGINNING), {
    metadata: { resourceVersion: '7' },
    spec: { template: { metadata: { annotations: { [RESTARTED_AT]: timestamp(NOW) } } } },
  }));

test('the patch of an outcome rolls nothing, and makes the record whole', () => {
  const patch = outcomePatch('7', { ...RECORD, outcome: 'verified' }) as Patch;
  assert.equal(patch.spec, undefined);
  const read = recordOf(workload({ annotations: patch.metadata.annotations ?? {} }));
  assert.deepEqual(read, { ...RECORD, outcome: 'verified' });
});

test('the time is written as kubectl writes it', () => assert.equal(timestamp(NOW), '2026-01-01T00:00:00Z'));

test('a time of no calendar is no time', () => {
  const annotations = { [ANNOTATION.restartedFor]: 'x', [ANNOTATION.restartedAt]: '+275760-09-13T00:00:00Z' };
  assert.equal(recordOf(workload({ annotations })), undefined);
});

test('a record that is older than its workload was copied with a manifest', () => {
  const annotations = recorded(restarted(HOUR, 'reverted'));
  assert.equal(recordOf(workload({ annotations, createdAt: NOW })), undefined);
  assert.notEqual(recordOf(workload({ annotations, createdAt: NOW - HOUR })), undefined);
});

for (const [field, key] of Object.entries(ANNOTATION))
  test(`a record whose ${field} is longer than anything that Meltemi writes is none`, () => {
    const annotations = { ...recorded(restarted(HOUR, 'reverted')), [key]: '49,'.repeat(87_000) };
    assert.equal(recordOf(workload({ annotations })), undefined);
  });

test('of many short writes no more are read than are kept', () => {
  const annotations = { ...recorded(restarted(HOUR)), [ANNOTATION.writes]: '49,'.repeat(300) };
  assert.equal(recordOf(workload({ annotations }))?.writes.length, WRITES_KEPT);
});

test('the longest record that Meltemi writes is one that it reads', () => {
  const hours = Array.from({ length: WRITES_KEPT }, (_, hour) => hour + 1);
  const entry = restarted(HOUR, 'superseded:expectation', { writes: writesAgo(hours, true), retried: 'x'.repeat(64) });
  assert.equal(recordOf(workload({ annotations: recorded(entry) }))?.writes.length, WRITES_KEPT);
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
    'a StatefulSet with more pods than wanted is not assessed by that',
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

const counts: [string, number][] = [
  ['2', 2],
  ['', 1],
  ['0', 1],
  ['-7', 1],
  ['1e9', 1],
  ['9'.repeat(1000), 1],
  ['many', 1],
];
for (const [text, attempts] of counts)
  test(`attempts of "${text.slice(0, 10)}" are ${attempts}`, () => {
    const annotations = { ...recorded(restarted(HOUR)), [ANNOTATION.attempts]: text };
    assert.equal(recordOf(workload({ annotations }))?.attempts, attempts);
  });

const config = { hash: 'h1', container: {} };
const fingerprints: [string, Parameters<typeof expected>[0], string][] = [
  ['records of earlier versions stay valid', {}, '7403ccaa7d1222a3'],
  ['where restarts are not made for the configuration, it takes no part', { config }, '7403ccaa7d1222a3'],
  ['… nor does the placement', { placement: 'initContainer' }, '7403ccaa7d1222a3'],
  ['the placement takes part where restarts are made for it', { placementCounts: true }, 'b899e91020efbcf7'],
];
for (const [name, given, is] of fingerprints)
  test(`a fingerprint: ${name}`, () => assert.equal(fingerprint(expected(given)), is));

test('a fingerprint: another configuration is another target where restarts are made for it', () => {
  const all = [{}, { config: { ...config, hash: 'h2' } }, { config: undefined }].map((given) =>
    fingerprint({ ...expected(), config, configCounts: true, ...given } as ExpectedSidecar),
  );
  assert.equal(new Set(all).size, 3);
});
