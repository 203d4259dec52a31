import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { question, readAnswer } from '../../../src/expect/admission.ts';
import { base64, OPERATIONS, reviewOf } from './models.ts';

/** Answers that are small on the wire and would take the process's time or memory. Each is far below the limit of an answer's size. */

const { pod } = question('shop', 'web', {
  labels: { app: 'web' },
  annotations: {},
  spec: { containers: [{ name: 'app', image: 'a' }] },
});
const many = (count: number, each: (index: number) => object): object[] =>
  Array.from({ length: count }, (_, i) => each(i));
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Each copies all there is into itself. */
const doubling = many(64, (index) => ({ op: 'copy', from: '/spec', path: `/spec/copy${index}` }));

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
    it(name, { timeout: 20_000 }, () => {
      const began = performance.now();
      const answer = readAnswer(pod, reviewOf(base64(patch)));
      assert.equal(answer.kind === 'unknown' && answer.reason.code, 'bad-answer');
      assert.match(answer.kind === 'unknown' ? answer.reason.detail : '', said);
      assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`);
    });
  }

  it('as many operations as the API server takes is read', () => {
    const rest = many(10_000 - OPERATIONS.length, (i) => ({ op: 'add', path: `/metadata/labels/l${i}`, value: 'x' }));
    assert.equal(readAnswer(pod, reviewOf(base64(JSON.stringify([...OPERATIONS, ...rest])))).kind, 'sidecar');
  });
});
