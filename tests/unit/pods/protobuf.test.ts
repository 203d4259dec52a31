import assert from 'node:assert/strict';
import { ProtobufError, ProtobufReader, type Visit } from '../../../src/pods/protobuf.ts';
import { encode } from '../cluster/protobufEncoder.ts';

interface Seen {
  text?: string;
  bool?: boolean;
  inner?: Seen;
}

const visit: Visit<Seen> = (field, reader, seen) => {
  if (field === 1) seen.text = reader.text();
  else if (field === 2) seen.bool = reader.bool();
  else if (field === 3) seen.inner = reader.message<Seen>(visit, {});
};

const read = (bytes: Buffer): Seen => new ProtobufReader(bytes).root<Seen>(visit, {});

describe('protobuf', () => {
  it('reads strings, booleans and embedded messages', () => {
    const bytes = encode({ 1: 'naïve ☃', 2: true, 3: { 1: '', 3: { 1: 'deep' } } });
    assert.deepEqual(read(bytes), { text: 'naïve ☃', bool: true, inner: { text: '', inner: { text: 'deep' } } });
  });

  it('skips unknown fields of every wire type', () => {
    const fixed = Buffer.from([9 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 10 * 8 + 5, 1, 2, 3, 4]);
    const longest = Buffer.from([11 * 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    const high = encode({ 536870911: 'x', 12: { 1: 'y' }, 13: 'z'.repeat(300) });
    assert.deepEqual(read(Buffer.concat([fixed, longest, high, encode({ 1: 'end' })])), { text: 'end' });
  });

  it('refuses bytes cut off anywhere but between fields', () => {
    const bytes = encode({ 1: 'text', 3: { 1: 'inner', 2: true } });
    const boundaries = new Set([0, 6, bytes.length]);
    for (let length = 0; length <= bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (boundaries.has(length)) assert.doesNotThrow(() => read(cut), `${length}`);
      else assert.throws(() => read(cut), ProtobufError, `${length}`);
    }
  });

  it('refuses an embedded message that reaches beyond the one around it', () => {
    const bytes = Buffer.concat([Buffer.from([3 * 8 + 2, 2, 1 * 8 + 2, 3]), Buffer.from('abc')]);
    assert.throws(() => read(bytes), ProtobufError);
  });

  it('refuses groups, foreign wire types, endless numbers and impossible lengths', () => {
    for (const bytes of [
      [7 * 8 + 3],
      [7 * 8 + 7, 0],
      [1 * 8, 5],
      [7 * 8, ...Array(11).fill(0x80), 0],
      [10, 255, 255, 255, 255, 255, 255, 127],
    ]) {
      assert.throws(() => read(Buffer.from(bytes)), ProtobufError, String(bytes));
    }
  });

  it('ends on random bytes, with an error or without', () => {
    let state = 1;
    const next = (): number => {
      state = (state * 48271) % 2147483647;
      return state & 0xff;
    };
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.from(Array.from({ length: 40 }, next));
      try {
        read(bytes);
      } catch (error) {
        assert.ok(error instanceof ProtobufError, String(error));
      }
    }
  });
});
