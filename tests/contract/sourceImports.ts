import { dirname, join, relative } from 'node:path';

/** Source text by path, as from the root of the repository. */
export type Sources = ReadonlyMap<string, string>;

/** One import or re-export. */
export interface Import {
  readonly file: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly target: string;
  /** It is gone when the types are: it carries no value. */
  readonly typeOnly: boolean;
}

const STATEMENT =
  /^(?:import|export)\s+(type\s)?([^'"]*?)\s?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** All imports, re-exports and dynamic imports of these sources. */
export function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([file, text]) =>
    [...withoutComments(text).matchAll(STATEMENT)].map(([, type, names = '', from, bare, dynamic]) => {
      const target = from ?? bare ?? dynamic ?? '';
      return {
        file,
        target: target.startsWith('.') ? relative('.', join(dirname(file), target)) : target,
        typeOnly: type !== undefined || isAllTypes(names),
      };
    }),
  );
}

const isAllTypes = (names: string): boolean =>
  /^\{[^}]*\}$/.test(names) &&
  names
    .slice(1, -1)
    .split(',')
    .filter((name) => name.trim() !== '')
    .every((name) => name.trim().startsWith('type '));

/** A source without its comments, which may speak of anything. */
export const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

/** `src/plan/plan.ts` → `plan`; a file at the root of `src`, the packages and all else are rooms of their own. */
export function roomOf(path: string): string {
  const [root, room = '', ...rest] = path.split('/');
  return root === 'src' && rest.length > 0 ? room : path.replace(/^src\//, '');
}
