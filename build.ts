import { execFileSync } from 'node:child_process';
import { build } from 'esbuild';

/** Bundles the command line into one file that runs on Node alone: `dist/meltemi.js`. */
const commit = ((): string => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return process.env.MELTEMI_COMMIT ?? 'unknown';
  }
})();

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/meltemi.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  legalComments: 'linked',
  define: { MELTEMI_COMMIT: JSON.stringify(commit) },
  // CommonJS dependencies inside an ESM bundle call require for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
