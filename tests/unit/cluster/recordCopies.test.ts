import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordCopies } from '../../../src/cluster/recordCopies.ts';
import type { Labels } from '../../../src/model.ts';
import { ANNOTATION } from '../../../src/names.ts';
import { FakeApi } from './fakeApi.ts';

const copy = (uid: string, restartedAt: string, more: Record<string, string> = {}): object => ({
  metadata: {
    annotations: { [ANNOTATION.restartedFor]: 'x', [ANNOTATION.restartedAt]: restartedAt, theirs: '1', ...more },
    ownerReferences: [
      { uid: 'somebody', controller: false },
      { uid, controller: true },
    ],
  },
});
const read = (items: object[]): Promise<Map<string, Labels>> =>
  recordCopies(new FakeApi([{ metadata: {}, items }]), 'replicasets', undefined, new AbortController().signal);

test('of several copies the latest counts, whatever their order', async () => {
  const [older, newer] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'];
  for (const items of [
    [copy('a', older), copy('a', newer)],
    [copy('a', newer), copy('a', older)],
  ]) {
    assert.deepEqual(
      [...(await read(items))],
      [['a', { [ANNOTATION.restartedFor]: 'x', [ANNOTATION.restartedAt]: newer }]],
    );
  }
});

test('of several copies of one restart the one that tells its end counts, whatever their order', async () => {
  const time = '2026-01-01T00:00:00Z';
  const [open, ended] = [
    copy('a', time, { [ANNOTATION.outcome]: '' }),
    copy('a', time, { [ANNOTATION.outcome]: 'verified' }),
  ];
  for (const items of [
    [open, ended],
    [ended, open],
  ])
    assert.equal((await read(items)).get('a')?.[ANNOTATION.outcome], 'verified');
});

test('a copy keeps our annotations and nobody else’s', async () => {
  const found = await read([copy('a', '2026-01-01T00:00:00Z', { [ANNOTATION.outcome]: 'verified' })]);
  assert.deepEqual(
    Object.keys(found.get('a') ?? {}).sort(),
    [ANNOTATION.outcome, ANNOTATION.restartedAt, ANNOTATION.restartedFor].sort(),
  );
});

test('what has no owner, no record or an unreadable time is passed over', async () => {
  const orphan = { metadata: { annotations: { [ANNOTATION.restartedAt]: '2026-01-01T00:00:00Z' } } };
  const plain = { metadata: { ownerReferences: [{ uid: 'b', controller: true }] } };
  assert.equal((await read([orphan, plain, copy('c', 'yesterday')])).size, 0);
});
