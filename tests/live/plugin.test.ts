import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Built } from '../contract/built.ts';
import { toolbox } from '../testbed/build.ts';

/** The built programs under the names that npm gives them, and the real kubectl that is to find them. */
const built = new Built({ MELTEMI_COMMIT: 'abc1234', MELTEMI_DATE: '2026-11-21' });
afterAll(() => built[Symbol.dispose]());
const bin = join(built.root, 'bin');
mkdirSync(bin);
const { bin: programs } = JSON.parse(readFileSync(join(built.folder, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
};
for (const [name, file] of Object.entries(programs)) symlinkSync(join(built.folder, file), join(bin, name));

async function kubectl(...args: readonly string[]): Promise<string> {
  const env = { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: built.root, NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)(toolbox().program('kubectl'), args, { env });
  return stdout;
}

const rows: [string, string[], RegExp][] = [
  ['lists the plugin', ['plugin', 'list'], /\/kubectl-meltemi\n/],
  ['runs it', ['meltemi', '--version'], /^\d+\.\d+\.\d+\S* \(abc1234, 2026-11-21\)\n$/],
  ['shows its help as it is typed', ['meltemi', 'plan', '--help'], /^Usage: kubectl meltemi plan \[options\]/],
  [
    'runs status by its name',
    ['meltemi', 'status', '--help'],
    /^Usage: kubectl meltemi status \[options\][\s\S]*--watch/,
  ],
  ['completes its commands', ['__complete', 'meltemi', 'pla'], /^plan\t.*\n:4\n$/],
  ['completes its flags', ['__complete', 'meltemi', 'run', '--metrics-s'], /^--metrics-secure\t.*\n:4\n$/],
];
for (const [name, args, output] of rows)
  test(`kubectl ${name}`, async () => assert.match(await kubectl(...args), output));
