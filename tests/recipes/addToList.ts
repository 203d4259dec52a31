import { registerHooks } from 'node:module';

/** One line that a recipe adds to a list of the sources. */
interface Line {
  /** The file of the list, as `/src/kinds/kinds.ts`. */
  readonly list: string;
  /** The line with which the list begins. */
  readonly beginning: string;
  /** What the file exports, and its URL. */
  readonly name: string;
  readonly file: URL;
}

/**
 * Adds a file to a list as a person would: it is imported, and stands in the list. Only modules that are imported afterwards know it, so
 * tests import them by `await import()`; a process takes it by `node --import`.
 * @throws {Error} when the list is loaded and does not begin as said
 */
export function addToList({ list, beginning, name, file }: Line): void {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(list)) return loaded;
      const source = String(loaded.source);
      if (!source.includes(beginning)) throw new Error(`${list} has no list that begins with "${beginning}"`);
      const listed = source.replace(beginning, `${beginning}${name}, `);
      return { ...loaded, source: `import { ${name} } from '${file.href}';\n${listed}` };
    },
  });
}
