import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from '../testbed/build.ts';
import { progressOn } from '../testbed/progress.ts';
import { generatedBundle } from './generate/generatedBundle.ts';

await build(progressOn(process.stderr), ['helm', 'opm']);
for (const [file, content] of await generatedBundle()) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
