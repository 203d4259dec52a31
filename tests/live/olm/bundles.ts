import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { opm } from '../../olm/generate/opm.ts';

const BUNDLE = 'olm-bundle';
export const PACKAGE = 'meltemi';
const VERSION: string = parse(readFileSync(join(BUNDLE, 'manifests', `${PACKAGE}.clusterserviceversion.yaml`), 'utf8'))
  .spec.version;

export const csvName = (version = VERSION): string => `${PACKAGE}.v${version}`;

/** A copy of the bundle that claims to be of an older version. */
export function olderBundle(folder: string, version: string): string {
  for (const part of ['manifests', 'metadata']) cpSync(join(BUNDLE, part), join(folder, part), { recursive: true });
  for (const file of globSync(join(folder, 'manifests', '*')))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(VERSION, version));
  return folder;
}

export const NEWEST = BUNDLE;

/** Writes a catalog with one channel in which each bundle replaces the one before it. No image is needed: the manifests are in it. */
export async function writeCatalog(folder: string, channel: string, bundles: readonly string[]): Promise<void> {
  const rendered = await Promise.all(bundles.map((bundle) => opm('render', bundle, '--output', 'json')));
  const names = rendered.map((blob) => (JSON.parse(blob) as { name: string }).name);
  const entries = names.map((name, index) => ({ name, ...(index > 0 && { replaces: names[index - 1] }) }));
  const own = [
    { schema: 'olm.package', name: PACKAGE, defaultChannel: channel },
    { schema: 'olm.channel', package: PACKAGE, name: channel, entries },
  ];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'catalog.yaml'), [...own.map((blob) => stringify(blob)), ...rendered].join('\n---\n'));
}
