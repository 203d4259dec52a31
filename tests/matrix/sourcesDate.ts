import { readFileSync } from 'node:fs';
import { type Module, sourceFolder } from '../testbed/goModule.ts';

/** The day of the Istio sources that a module builds, such as `2026-08-27`. Their Go module has no other versions. */
export function sourcesDate(module: Module): string {
  const text = readFileSync(`${sourceFolder(module)}/go.mod`, 'utf8');
  const [, year, month, day] = /istio\.io\/istio v\S*-(\d{4})(\d\d)(\d\d)\d{6}-/.exec(text) ?? [];
  if (!year) throw new Error(`module ${module} builds no Istio`);
  return `${year}-${month}-${day}`;
}
