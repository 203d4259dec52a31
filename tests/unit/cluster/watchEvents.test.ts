import assert from 'node:assert/strict';
import { WatchLineTooLong, watchEvents } from '../../../src/cluster/watchEvents.ts';

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

  const limits: [string, string][] = [
    ['alone', ''],
    ['after a shorter one', '{"type":"ADDED","object":{}}\n'],
  ];
  for (const [name, before] of limits)
    for (const size of [1, 7, 10_000])
      it(`reads a line of just so many bytes and refuses a longer one, ${name}, in pieces of ${size}`, async () => {
        const line = `${JSON.stringify(event('x'.repeat(500)))}`;
        const bytes = Buffer.byteLength(line);
        const all = (max: number) => Array.fromAsync(watchEvents(cut(`${before}${line}\n`, size), max));
        assert.deepEqual((await all(bytes)).at(-1), event('x'.repeat(500)));
        await assert.rejects(all(bytes - 1), WatchLineTooLong);
      });

  it('refuses a line without an end before it fills the memory', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (const piece = Buffer.alloc(2 ** 20, 'x'); ; given += piece.length) yield piece;
    }
    await assert.rejects(Array.fromAsync(watchEvents(endless())), WatchLineTooLong);
    assert.ok(given < 16 * 2 ** 20, `${given} bytes`);
  });

  it('reads a line of ten MiB in small pieces in the time that its bytes need', async () => {
    const large = event('x'.repeat(10 * 2 ** 20));
    const began = performance.now();
    const [read] = await Array.fromAsync(watchEvents(cut(`${JSON.stringify(large)}\n`, 1000)));
    assert.deepEqual(read, large);
    assert.ok(performance.now() - began < 1500, `${performance.now() - began} ms`);
  });

  it('refuses a type that watches do not have', async () => {
    await assert.rejects(read('{"type":"RENAMED","object":{}}\n'), TypeError);
    await assert.rejects(read('{"type":"ADDED","object":"x"}\n'), TypeError);
  });

  it('refuses a whole line that is no event', async () => {
    await assert.rejects(read('<html>\n'), SyntaxError);
    await assert.rejects(read('{"kind":"Status"}\n'), TypeError);
  });
});
