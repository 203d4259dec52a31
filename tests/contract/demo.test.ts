import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

test('the demo imports no development dependency: make demo does not install them', async () => {
  const { metafile } = await build({
    entryPoints: ['tests/demo/demo.ts'],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
  });
  const imported = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external && !path.startsWith('node:'))
    .map(({ path }) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  assert.ok(imported.includes('undici'), 'no package found');
  assert.deepEqual(
    imported.filter((name) => !Object.hasOwn(dependencies, name)),
    [],
  );
});
