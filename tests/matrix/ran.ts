import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What was seen of one row. */
export interface RanRow {
  readonly name: string;
  readonly versions: string;
  readonly files: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly minutes: number;
}

const FILE = fileURLToPath(new URL('ran.json', import.meta.url));

/** What the last runs with `--write` have seen. */
export const ran = (): readonly RanRow[] =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as RanRow[]) : [];

/** Keeps what was seen of some rows, in the order of the matrix; of rows that are no longer in it nothing is kept. */
export function writeRan(seen: readonly RanRow[], names: readonly string[]): void {
  const all = new Map([...ran(), ...seen].map((row) => [row.name, row]));
  const rows = names.flatMap((name) => all.get(name) ?? []);
  writeFileSync(FILE, `${JSON.stringify(rows, undefined, 2)}\n`);
}
