import assert from 'node:assert/strict';
import type { RewriteRule } from '../../../src/compare/learntImage.ts';
import { Journal } from '../../../src/journal/journal.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { NOW } from '../../builders/workload.ts';

const MIRROR: RewriteRule = { kind: 'registry', from: 'docker.io', to: 'harbor.corp/dockerhub', digest: false };
const OTHER: RewriteRule = { kind: 'exact', answer: 'docker.io/istio/proxyv2:1.31.0', image: 'evil.corp/proxy:1' };

const journal = (store = new FakeStore()): Journal =>
  new Journal({ store, now: () => NOW, wall: () => NOW, onError: (error) => assert.fail(String(error)) });

test('a mirror that one namespace has shown counts everywhere, and is news once', () => {
  const one = journal();
  assert.deepEqual([one.learn('run', MIRROR, 'shop'), one.learn('run', MIRROR, 'shop')], ['news', 'known']);
  assert.deepEqual(one.learnt('run', 'bank'), [MIRROR]);
});

test('another image counts in its namespace, and elsewhere after a second namespace has shown it', () => {
  const one = journal();
  const where = (): string[] => ['a', 'b', 'c'].filter((namespace) => one.learnt('run', namespace).length > 0);
  one.learn('run', OTHER, 'a');
  assert.deepEqual(where(), ['a']);
  one.learn('run', OTHER, 'b');
  assert.deepEqual(where(), ['a', 'b', 'c']);
});

test('what was learnt of one run says nothing of another, and goes with its injector', () => {
  const one = journal();
  one.learn('run', MIRROR, 'shop');
  assert.deepEqual(one.learnt('another run', 'shop'), []);
  one.keepOnly([{ run: 'another run' }]);
  assert.deepEqual(one.learnt('run', 'shop'), []);
});

test('the next leader knows what was learnt, and where', async () => {
  const store = new FakeStore();
  const one = journal(store);
  one.learn('run', OTHER, 'a');
  await one.stored();
  const next = journal(store);
  assert.equal(next.load(), 'read');
  assert.deepEqual([next.learnt('run', 'a'), next.learnt('run', 'b')], [[OTHER], []]);
});

test('one run learns no more than forty rewritings, and no more than five from one namespace', () => {
  const one = journal();
  for (let i = 0; i < 30; i++) one.learn('run', { ...MIRROR, to: `mirror${i}.corp` }, 'shop');
  assert.equal(one.learnt('run', 'shop').length, 5);
  for (let i = 0; i < 120; i++) one.learn('run', { ...MIRROR, to: `other${i}.corp` }, `namespace-${i % 30}`);
  assert.equal(one.learnt('run', 'shop').length, 40);
});
