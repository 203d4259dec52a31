import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';
import { bundlePlugins, contentsOf, OWN_FILES } from './bundlePlugins.ts';
import { pageScript } from './src/page/script.ts';

/**
 * Bundles the command line into a program that runs on Node alone, and lays around it what the npm package and the image need besides:
 * `dist/` is that package as a whole. What only some commands need lies in files of its own under `chunks`, because Node reads and compiles
 * each file as a whole. No source map: the bundle is not minified, and reading a map costs the running operator 40 MB.
 */
async function make(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const { commit, date } = origin(process.env);

  const { metafile, outputFiles } = await program(folder, {
    MELTEMI_COMMIT: JSON.stringify(commit),
    MELTEMI_DATE: JSON.stringify(date),
    MELTEMI_ANSWER_THREAD: JSON.stringify(await answerThread()),
    MELTEMI_PAGE_SCRIPT: JSON.stringify((await transform(pageScript(), { minify: true, target: 'es2022' })).code),
  });
  const apart = await ownFiles(folder);
  mkdirSync(`${folder}/chunks`, { recursive: true });
  for (const { path, text } of [...outputFiles, ...apart.flatMap((one) => one.outputFiles)])
    writeFileSync(path, inAscii(text));
  chmodSync(`${folder}/meltemi.js`, 0o755);
  writeFileSync(
    `${folder}/THIRD-PARTY-NOTICES.txt`,
    notices([metafile, ...apart.map((one) => one.metafile)].flatMap(({ inputs }) => Object.keys(inputs))),
  );
  writeFileSync(`${folder}/package.json`, published(readFileSync('package.json', 'utf8')));
  for (const file of ['LICENSE', 'README.md']) copyFileSync(file, `${folder}/${file}`);
}

/**
 * What all parts of the program have in common. They are the same bytes with or without a tsconfig.json, which an image's build is not
 * sent, and wherever node_modules really lies.
 */
const COMMON = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  legalComments: 'none',
  tsconfigRaw: { compilerOptions: { alwaysStrict: true } },
  preserveSymlinks: true,
  write: false,
} as const;

/** CommonJS dependencies inside an ESM bundle call require for Node's own modules. */
export const BANNER = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
} as const;

/** The entry file, and the files that it imports as they are needed. */
export const program = (folder: string, define: Readonly<Record<string, string>>) =>
  build({
    ...COMMON,
    entryPoints: { meltemi: 'src/main.ts' },
    outdir: folder,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    metafile: true,
    plugins: bundlePlugins,
    // undici's own name for a build like Node's, without its second, experimental parser of HTTP/1.1
    define: { ...define, esbuildDetection: '1' },
    banner: BANNER,
  });

/** The files for packages that are required at their first use: see `OWN_FILES`. */
export const ownFiles = (folder: string) =>
  Promise.all(
    Object.entries(OWN_FILES).map(([name, packages]) =>
      build({
        ...COMMON,
        stdin: { contents: contentsOf(packages), resolveDir: import.meta.dirname },
        outfile: `${folder}/chunks/${name}`,
        format: 'cjs',
        metafile: true,
      }),
    ),
  );

/**
 * A file of the bundle with question marks for all characters that ASCII does not have. Only comments of packages have any, because
 * esbuild escapes them in code. One of them would make Node keep its whole file in two bytes for each character.
 */
function inAscii(text: string): string {
  const line = text.split('\n').find((one) => OTHERS.test(one) && !COMMENT.test(one.slice(0, one.search(OTHERS))));
  if (line !== undefined) throw new Error(`a line of code is not ASCII: ${line}`);
  return text.replaceAll(new RegExp(OTHERS, 'gu'), '?');
}

/** Characters beyond ASCII. */
const OTHERS = /[\u{80}-\u{10ffff}]/u;
/** What a comment begins with, at the beginning of a line or after its code. */
const COMMENT = /^\s*\*|\/\*|\/\/ /;

/** The code of the thread that reads large answers, a bundle of its own inside the bundle. */
export async function answerThread(): Promise<string> {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: ['src/expect/answerThread.ts'],
    // a thread that starts from text runs it as CommonJS
    format: 'cjs',
  });
  return outputFiles.map(({ text }) => text).join('');
}

/** What `--version` tells besides the version. */
interface Origin {
  /** Short hash, `-dirty` where the sources were changed since; `unknown` where nobody knows. */
  readonly commit: string;
  /** Day, of the commit and not of the build: the same sources make the same file. */
  readonly date: string;
}

/** Where the sources come from. Where there is no git, as in an image's build, MELTEMI_COMMIT and MELTEMI_DATE say it. */
function origin(environment: Readonly<Record<string, string | undefined>>): Origin {
  return {
    commit: environment.MELTEMI_COMMIT || git('describe', '--always', '--dirty', '--exclude', '*'),
    date: (environment.MELTEMI_DATE || git('log', '-1', '--format=%cI')).slice(0, 10),
  };
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

/** A package of which something is in the bundle. */
export interface Part {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package states it. */
  readonly license: string;
  /** Its licence and notice files, word for word. */
  readonly texts: readonly string[];
}

const FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LEGAL = /^(licen[cs]e|copying|notice)/i;

/** The packages that these files of a bundle come from, by name. */
export function parts(files: readonly string[]): Part[] {
  const folders = new Set(files.flatMap((file) => FOLDER.exec(file)?.[1] ?? []));
  return [...folders].map(partIn).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function partIn(folder: string): Part {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<string, unknown>;
  const files = globSync(`${folder}/*`).filter((file) => LEGAL.test(basename(file)));
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    license: String(manifest.license ?? 'not stated'),
    texts: files.sort().map((file) => readFileSync(file, 'utf8').trim()),
  };
}

const LINE = '-'.repeat(80);

/** What the licences of the bundled packages ask to be handed on with them. */
function notices(files: readonly string[]): string {
  const sections = parts(files).map(({ name, version, license, texts }) =>
    [LINE, `${name} ${version} (${license})`, '', ...texts].join('\n'),
  );
  return ['meltemi.js and the files in chunks contain the following packages.', ...sections, ''].join('\n');
}

/** What npm and its readers need to know of the package; the bundle has its dependencies in it. */
const KEPT = [
  'name',
  'version',
  'description',
  'license',
  'author',
  'homepage',
  'repository',
  'keywords',
  'type',
  'engines',
  'exports',
] as const;

/** The package.json that is published, made from that of the repository. */
function published(manifest: string): string {
  const all = JSON.parse(manifest) as Record<string, unknown> & { bin: Record<string, string> };
  const kept = Object.fromEntries(KEPT.map((key) => [key, all[key]]));
  const bin = Object.fromEntries(Object.entries(all.bin).map(([name, file]) => [name, basename(file)]));
  const files = [...new Set(Object.values(bin)), 'chunks', 'THIRD-PARTY-NOTICES.txt'];
  return `${JSON.stringify({ ...kept, bin, files }, null, 2)}\n`;
}

if (import.meta.main) await make(process.argv[2] ?? 'dist');
