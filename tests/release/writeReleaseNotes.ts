import { readFileSync } from 'node:fs';
import { releaseNotes } from './releaseNotes.ts';

/** Prints the text of a release: `npm run release-notes -- 1.2.3`, or `Unreleased`. */
const [version, ...rest] = process.argv.slice(2);
const files = {
  changes: readFileSync('CHANGELOG.md', 'utf8'),
  upgrading: readFileSync('docs/upgrading.md', 'utf8'),
};
if (version === undefined || rest.length > 0) {
  console.error('usage: npm run --silent release-notes -- VERSION');
  process.exitCode = 2;
} else {
  try {
    process.stdout.write(releaseNotes(version.replace(/^v/, ''), files));
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
