import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A Go package as `go list -json` tells of it. */
export interface Package {
  readonly ImportPath: string;
  readonly Name: string;
  readonly Dir?: string;
  readonly GoFiles?: readonly string[];
  /** It is not in Go's cache. */
  readonly Stale?: boolean;
}

/** What compiling any package costs, counted in bytes of source; by a fit over the 3,900 packages of a testbed. */
const EACH = 60_000;
/** What linking a program costs, in the same measure. */
const LINK = 1_500_000;

/** How much of a build is done, by the size of what has been compiled. */
export class BuildWork {
  readonly #total: number;
  readonly #open = new Map<string, number>();
  readonly #unlinked = new Set<string>();
  #done = 0;

  /**
   * @param packages all that the programs are made of
   * @param programs the files that are linked
   */
  constructor(packages: readonly Package[], programs: readonly string[], sizeOf = sourceBytes) {
    for (const one of packages)
      if (one.Stale && one.Name !== 'main') this.#open.set(one.ImportPath, EACH + sizeOf(one));
    for (const program of programs) this.#unlinked.add(program);
    this.#total = [...this.#open.values()].reduce((a, b) => a + b, 0) + programs.length * LINK;
  }

  /** Go has begun to compile this package, so that those before it are done but for a few. */
  compiled(path: string): void {
    this.#done += this.#open.get(path) ?? 0;
    this.#open.delete(path);
  }

  /** @returns from 0 to 1 */
  share(isLinked: (program: string) => boolean = existsSync): number {
    for (const program of this.#unlinked)
      if (isLinked(program)) {
        this.#unlinked.delete(program);
        this.#done += LINK;
      }
    return this.#total === 0 ? 1 : this.#done / this.#total;
  }
}

function sourceBytes({ Dir: folder, GoFiles: files = [] }: Package): number {
  if (folder === undefined) return 0;
  return files.reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}
