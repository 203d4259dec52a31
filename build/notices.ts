import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

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
export function notices(files: readonly string[]): string {
  const sections = parts(files).map(({ name, version, license, texts }) =>
    [LINE, `${name} ${version} (${license})`, '', ...texts].join('\n'),
  );
  return ['meltemi.js contains the following packages.', ...sections, ''].join('\n');
}
