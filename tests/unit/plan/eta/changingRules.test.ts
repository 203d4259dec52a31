import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';

const files = globSync('src/plan/rules/*.ts').map((file) => [file, readFileSync(file, 'utf8')] as const);

/** A wait that ends by time is one with an `until`; that of a wave comes from elsewhere. */
const endsByTime = (text: string): boolean => /\buntil\b/.test(text) || /\bwaveHold\(/.test(text);

test('there are rules whose waits end by time', () =>
  assert.ok(files.filter(([, text]) => endsByTime(text)).length > 6));

test('each rule whose waits end by time is asked again by the estimate of the end', () => {
  const forgotten = files.filter(
    ([file, text]) =>
      !file.endsWith('/rules.ts') &&
      endsByTime(text.replace(/\/\*\*.*?\*\/|\/\/.*|'[^'\n]*'/gs, '')) &&
      !/changes: true/.test(text),
  );
  assert.deepEqual(
    forgotten.map(([file]) => file),
    [],
  );
});
