import assert from 'node:assert/strict';
import { question, readAnswer } from '../../../src/expect/admission.ts';
import { base64, OPERATIONS, reviewOf } from './models.ts';

/** Answers that are small on the wire and would take the process's time or memory. Each is far below the limit of an answer's size. */

const { pod } = question('shop', 'web', {
  labels: { app: 'web' },
  annotations: {},
  spec: { containers: [{ name: 'app', image: 'a' }] },
});
const many = <T>(count: number, each: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => each(i));
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Each copies all there is into itself. */
const doubling = many(64, (index) => ({ op: 'copy', from: '/spec', path: `/spec/copy${index}` }));

const FORTH = { from: '/spec/volumes', path: '/spec/b' };
const BACK = { from: '/spec/b', path: '/spec/volumes' };

const rows: [string, string, RegExp][] = [
  ['copies that double the pod', JSON.stringify(doubling), /copies too much/],
  [
    'more operations than any injection has',
    JSON.stringify(many(200_000, () => ({ op: 'add', path: '/spec/containers/0', value: 1 }))),
    /200000 operations/,
  ],
  [
    'a hundred thousand containers',
    JSON.stringify([
      ...OPERATIONS,
      { op: 'add', path: '/spec/containers', value: [...many(100_000, (i) => ({ name: `c${i}` })), { name: 'c0' }] },
    ]),
    /two containers named c0/,
  ],
  ['a value nested a million deep', `[{"op":"add","path":"/x","value":${nested(1_000_000)}}]`, /./],
  ['a path of a million steps', JSON.stringify([{ op: 'add', path: '/a'.repeat(1_000_000), value: 1 }]), /./],
];

describe('an answer of', () => {
  for (const [name, patch, said] of rows) {
    it(name, () => {
      const began = performance.now();
      const answer = readAnswer(pod, reviewOf(base64(patch)));
      assert.equal(answer.kind === 'unknown' && answer.reason.code, 'bad-answer');
      assert.match(answer.kind === 'unknown' ? answer.reason.detail : '', said);
      assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
    }, 20_000);
  }

  /** Operations that each take as long as the document is large, on a pod of 100,000 volumes and as many labels to select a node by. */
  const volumes = many(100_000, (index) => ({ name: `v${index}` }));
  const nodeSelector = Object.fromEntries(many(100_000, (index) => [`k${index}`, '']));
  const large = question('shop', 'web', {
    labels: {},
    annotations: {},
    spec: { containers: [{ name: 'app' }], volumes, nodeSelector },
  }).pod;
  const slow: [string, (index: number) => object, string][] = [
    ['moves of a list', (i) => ({ op: 'move', ...(i % 2 ? BACK : FORTH) }), 'no-sidecar'],
    ['moves out of a list', () => ({ op: 'move', from: '/spec/volumes/0', path: '/spec/volumes/-' }), 'unknown'],
    ['insertions', () => ({ op: 'add', path: '/spec/volumes/0', value: {} }), 'unknown'],
    ['removals', () => ({ op: 'remove', path: '/spec/volumes/0' }), 'unknown'],
    ['comparisons of a map', () => ({ op: 'test', path: '/spec/nodeSelector', value: {} }), 'unknown'],
    ['comparisons of the pod', () => ({ op: 'test', path: '', value: {} }), 'unknown'],
    ['copies of a label', (i) => ({ op: 'copy', from: '/kind', path: `/metadata/labels/l${i}` }), 'no-sidecar'],
  ];
  for (const [name, each, kind] of slow) {
    it(`10,000 ${name} on a large pod`, () => {
      const began = performance.now();
      assert.equal(readAnswer(large, reviewOf(base64(JSON.stringify(many(10_000, each))))).kind, kind);
      assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
    }, 20_000);
  }

  it('as many operations as the API server takes is read', () => {
    const rest = many(10_000 - OPERATIONS.length, (i) => ({ op: 'add', path: `/metadata/labels/l${i}`, value: 'x' }));
    assert.equal(readAnswer(pod, reviewOf(base64(JSON.stringify([...OPERATIONS, ...rest])))).kind, 'sidecar');
  });
});
