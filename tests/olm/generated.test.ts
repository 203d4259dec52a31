import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { generatedBundle } from './generate/generatedBundle.ts';

for (const [file, content] of await generatedBundle())
  test(`${file} is as the chart and the code have it (npm run bundle)`, () =>
    assert.equal(readFileSync(file, 'utf8'), content));
