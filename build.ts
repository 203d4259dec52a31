import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { notices } from './build/notices.ts';
import { origin } from './build/origin.ts';
import { published } from './build/published.ts';

/**
 * Bundles the command line into one file that runs on Node alone, and lays around it what the npm package and the image need besides: `dist/`
 * is that package as a whole. No source map: the bundle is not minified, and reading a map costs the running operator 40 MB.
 */
const folder = process.argv[2] ?? 'dist';
rmSync(folder, { recursive: true, force: true });
const { commit, date } = origin(process.env);

const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outfile: `${folder}/meltemi.js`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  legalComments: 'none',
  metafile: true,
  define: { MELTEMI_COMMIT: JSON.stringify(commit), MELTEMI_DATE: JSON.stringify(date) },
  // CommonJS dependencies inside an ESM bundle call require for Node's own modules.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
writeFileSync(`${folder}/THIRD-PARTY-NOTICES.txt`, notices(Object.keys(metafile.inputs)));
writeFileSync(`${folder}/package.json`, published(readFileSync('package.json', 'utf8')));
for (const file of ['LICENSE', 'README.md']) copyFileSync(file, `${folder}/${file}`);
