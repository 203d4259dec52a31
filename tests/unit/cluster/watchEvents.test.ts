import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { watchEvents } from '../../../src/cluster/watchEvents.ts';

const event = (name: string) => ({ type: 'ADDED', object: { metadata: { name } } });

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (text: string, size = 7): Promise<unknown[]> => Array.fromAsync(watchEvents(cut(text, size)));

describe('watchEvents', () => {
  it('puts events together however the bytes are cut, even inside a character', async () => {
    const events = [event('naïve-☃'), event('b'), event('c')];
    const text = events.map((one) => `${JSON.stringify(one)}\n`).join('');
    for (const size of [1, 2, 3, 50, 10_000]) assert.deepEqual(await read(text, size), events);
  });

  it('drops what is cut off at the end', async () => {
    assert.deepEqual(await read(`${JSON.stringify(event('a'))}\n{"type":"ADD`), [event('a')]);
  });

  it('refuses a whole line that is no event', async () => {
    await assert.rejects(read('<html>\n'), SyntaxError);
    await assert.rejects(read('{"kind":"Status"}\n'), TypeError);
  });
});
