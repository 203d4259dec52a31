import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of a git work tree, known to git or not, that an action makes, changes or removes. What git ignores does not count. */
export function changedFiles(folder: string, action: () => void): string[] {
  const before = contents(folder);
  action();
  const after = contents(folder);
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}

function contents(folder: string): Map<string, string> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const paths = execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).split('\0').filter(Boolean);
  const there = paths.filter((path) => lstatSync(join(folder, path), { throwIfNoEntry: false })?.isFile());
  return new Map(
    there.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}
