import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolbox } from '../testbed/build.ts';
import type { ProgramName } from '../testbed/programs.ts';

const DEADLINE_MS = 60_000;

/** Everything that a validator says, line by line: operator-verify ends with 0 whatever it finds. Nothing said and a 0 is no rejection. */
export function complaints(program: ProgramName, ...args: readonly string[]): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'meltemi-validator-'));
  const settings = { timeout: DEADLINE_MS, env: { HOME: home, TMPDIR: home } };
  return new Promise<string[]>((resolve) => {
    execFile(toolbox().program(program), args, settings, (error, out, err) => {
      const said = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '');
      resolve(error && said.length === 0 ? [error.message] : said);
    });
  }).finally(() => rmSync(home, { recursive: true, force: true }));
}
