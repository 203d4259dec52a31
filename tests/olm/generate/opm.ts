import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolbox } from '../../testbed/build.ts';
import { run } from '../../testbed/run.ts';

/** Runs opm with nothing of its user's: it looks for credentials of registries in the home folder. */
export async function opm(...args: readonly string[]): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'meltemi-opm-'));
  try {
    return await run(toolbox().program('opm'), args, { env: { HOME: home, TMPDIR: home } });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
