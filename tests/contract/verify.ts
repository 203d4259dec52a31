import { execFileSync } from 'node:child_process';
import { changedFiles } from './changedFiles.ts';

/** npm scripts that write files which are committed. */
const GENERATORS = ['docs', 'bundle'];

const stale = changedFiles('.', () => {
  for (const script of GENERATORS) execFileSync('npm', ['run', '--silent', script], { stdio: 'inherit' });
});
for (const file of stale) console.error(`${file} was not as it is generated; it is now, and can be committed`);
process.exitCode = stale.length === 0 ? 0 : 1;
