import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changedFiles } from './changedFiles.ts';

const root = mkdtempSync(join(tmpdir(), 'meltemi-changed-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A work tree with one committed file, one that git does not know, one that it ignores, and a symlink to a folder. */
function workTree(): string {
  const folder = mkdtempSync(join(root, 'tree-'));
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  mkdirSync(join(folder, 'dist'));
  write(folder, '.gitignore', 'dist/\n');
  write(folder, 'committed', 'one');
  execFileSync('git', ['add', '.'], { cwd: folder });
  write(folder, 'unknown', 'one');
  write(folder, 'dist/built', 'one');
  return folder;
}

const write = (folder: string, name: string, content: string): void => writeFileSync(join(folder, name), content);

const rows: [string, (folder: string) => void, string[]][] = [
  ['nothing is written', () => undefined, []],
  ['the same is written again', (folder) => write(folder, 'committed', 'one'), []],
  ['a committed file changes', (folder) => write(folder, 'committed', 'two'), ['committed']],
  ['a file that git does not know changes', (folder) => write(folder, 'unknown', 'two'), ['unknown']],
  ['a new file is made', (folder) => write(folder, 'new', 'one'), ['new']],
  ['a file is removed', (folder) => rmSync(join(folder, 'committed')), ['committed']],
  ['an ignored file changes', (folder) => write(folder, 'dist/built', 'two'), []],
];

for (const [name, action, changed] of rows) {
  test(`${name}: ${changed.join() || 'no change'}`, () => {
    const folder = workTree();
    assert.deepEqual(
      changedFiles(folder, () => action(folder)),
      changed,
    );
  });
}

test('what was changed before by hand is not held against the generator', () => {
  const folder = workTree();
  write(folder, 'committed', 'by hand');
  assert.deepEqual(
    changedFiles(folder, () => undefined),
    [],
  );
});

test('a symlink to a folder is not read as a file', () => {
  const folder = workTree();
  symlinkSync('dist', join(folder, 'link'));
  assert.deepEqual(
    changedFiles(folder, () => undefined),
    [],
  );
});
