import assert from 'node:assert/strict';
import { transform } from 'esbuild';
import { pageScript } from '../../../src/page/script.ts';

const scripts: [name: string, make: () => Promise<string>][] = [
  ['from the sources', async () => pageScript()],
  ['from the build', async () => (await transform(pageScript(), { minify: true, target: 'es2022' })).code],
];
for (const [name, make] of scripts)
  test(`the script ${name} is one classic script that cannot end its element`, async () => {
    const code = await make();
    new Function(code);
    assert.doesNotMatch(code, /<\/script|<!--/i);
    assert.doesNotMatch(code, /^\s*(import|export)\b/m);
    assert.doesNotMatch(code, /\beval\(|new Function|document\.write|\.cookie\b|localStorage/);
  });
