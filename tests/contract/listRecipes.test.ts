import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What must be there after a recipe of CONTRIBUTING.md was followed and the docs were written. */
const FOLLOWS: Readonly<Record<string, readonly (readonly [file: string, text: RegExp])[]>> = {
  'A flag': [
    ['docs/flags.md', /`--max-batch` .*`MELTEMI_MAX_BATCH` .*`5` .*restarts that begin together/],
    ['docs/policy.md', /`maxBatch` .*restarts that begin together/],
    ['helm/values.schema.json', /"maxBatch": {/],
  ],
  'A metric': [['docs/reporting.md', /`meltemi_batches_total` .*Batches of restarts that have begun\./]],
  'An Event': [['docs/reporting.md', /`BatchBegun` .*A batch of restarts has begun\./]],
};

interface Recipe {
  readonly list: string;
  readonly file: string;
  readonly line: string;
}

/** Reads a recipe: the list and the file that it names first, and its code. */
function recipe(title: string): Recipe {
  const [, section = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split(`\n### ${title}\n`);
  const [, list, file] = /^\s*Add an entry to `(\w+)` in `(src\/[\w./]+)`/.exec(section) ?? [];
  const [, line] = /```ts\n(.*?)```/s.exec(section) ?? [];
  assert.ok(list && file && line, `CONTRIBUTING.md has no recipe "${title}" with its list, file and line`);
  return { list, file, line };
}

/** A copy of the repository in which the recipes can be followed. */
function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-recipe-'));
  for (const path of ['src', 'tests', 'helm', 'docs', 'README.md', 'CHANGELOG.md', 'package.json', 'CONTRIBUTING.md'])
    cpSync(path, join(folder, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}

for (const [title, follows] of Object.entries(FOLLOWS))
  test(`the recipe "${title}" of CONTRIBUTING.md is all that it takes`, () => {
    const { list, file, line } = recipe(title);
    const folder = copied();
    try {
      const path = join(folder, file);
      const [before = '', after] = readFileSync(path, 'utf8').split(`export const ${list} = {\n`);
      assert.ok(after !== undefined, `${file} has no list ${list}`);
      writeFileSync(path, `${before}export const ${list} = {\n${line}${after}`);
      execFileSync(process.execPath, ['tests/contract/writeDocs.ts'], { cwd: folder, stdio: 'pipe' });
      for (const [doc, text] of follows) assert.match(readFileSync(join(folder, doc), 'utf8'), text, doc);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

const contributing = readFileSync('CONTRIBUTING.md', 'utf8');
const sectionOf = (title: string): string => contributing.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

test('every folder of src/, and what starts and joins them, has its place in CONTRIBUTING.md', () => {
  const folders = readdirSync('src', { withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? `${one.name}/` : [],
  );
  const places = sectionOf('Where things are');
  assert.deepEqual(
    [...folders, 'main.ts', 'operator.ts', 'wireOperator.ts'].filter((one) => !places.includes(`\`${one}\``)),
    [],
  );
});

test('everything that the recipes promise has a recipe', () => {
  const recipes = sectionOf('Recipes');
  const [, promised = ''] = /How to add ([^.]*)\./.exec(recipes) ?? [];
  const things = promised.split(/, | or /);
  const titles = [...recipes.matchAll(/^### (.*)$/gm)].flatMap(([, title = '']) => title.toLowerCase().split(', '));
  assert.equal(things.length, 9);
  assert.deepEqual(titles.sort(), things.map((one) => one.toLowerCase()).sort());
});
