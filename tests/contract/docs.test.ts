import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { generatedDocs } from './generatedDocs.ts';

for (const [file, content] of generatedDocs()) {
  test(`the tables in ${file} are those of the code (npm run docs)`, () =>
    assert.equal(readFileSync(file, 'utf8'), content));
}

test('the README names only make targets that exist', () => {
  const targets = new Set([...readFileSync('Makefile', 'utf8').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name));
  const named = [...readFileSync('README.md', 'utf8').matchAll(/`?make ([a-z-]+)/g)].map(([, name]) => name);
  assert.deepEqual(
    named.filter((name) => !targets.has(name)),
    [],
  );
});

test('CI runs the README’s test command and nothing else', () => {
  const commands = readFileSync('.ci/run', 'utf8')
    .split('\n')
    .filter((line) => /^exec /.test(line));
  assert.deepEqual(commands, ['exec make test']);
  assert.match(readFileSync('README.md', 'utf8'), /make test/);
});
