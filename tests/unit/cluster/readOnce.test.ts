import assert from 'node:assert/strict';
import { readOnce } from '../../../src/cluster/readOnce.ts';

const text = (bytes: Buffer): string => bytes.toString('utf8');

test('a page is read, and its memory is free at once', () => {
  const page = Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.alloc(100_000, 'b')]);
  const { buffer } = page;
  assert.equal(readOnce(page, text).length, 200_000);
  assert.equal(buffer.byteLength, 0);
});

test('so it is if reading fails', () => {
  const page = Buffer.alloc(100_000, '{');
  const { buffer } = page;
  assert.throws(() => readOnce(page, (bytes) => JSON.parse(text(bytes))));
  assert.equal(buffer.byteLength, 0);
});

test('a short answer is a part of memory that others use, which stays', () => {
  const [answer, neighbour] = [Buffer.from('answer'), Buffer.from('neighbour')];
  assert.equal(answer.buffer, neighbour.buffer);
  assert.equal(readOnce(answer, text), 'answer');
  assert.equal(text(neighbour), 'neighbour');
});
