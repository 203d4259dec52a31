import { basename } from 'node:path';

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
export function published(manifest: string): string {
  const all = JSON.parse(manifest) as Record<string, unknown> & { bin: Record<string, string> };
  const kept = Object.fromEntries(KEPT.map((key) => [key, all[key]]));
  const bin = Object.fromEntries(Object.entries(all.bin).map(([name, file]) => [name, basename(file)]));
  const files = [...new Set(Object.values(bin)), 'THIRD-PARTY-NOTICES.txt'];
  return `${JSON.stringify({ ...kept, bin, files }, null, 2)}\n`;
}
