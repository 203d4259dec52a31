import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../testbed/build.ts';
import { progressOn } from '../testbed/progress.ts';
import { generatedBundle } from './generate/generatedBundle.ts';

/** Writes the generated files of the bundle; a release gives the digest of its image. */
const { values } = parseArgs({ options: { 'image-digest': { type: 'string', default: '' } } });
await build(progressOn(process.stderr), ['helm', 'opm']);
for (const [file, content] of await generatedBundle(values['image-digest'])) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
