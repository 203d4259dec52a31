import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

/** The script of the page, inserted by the build, so that the bundle is one file. */
declare const MELTEMI_PAGE_SCRIPT: string | undefined;

/** What the browser runs: what server and browser both know, and then what only the browser does. */
const SOURCES = ['./rowFilter.ts', './browser/page.ts'];

/**
 * The script from its sources, as one classic script: types, imports and exports are left out, because each file uses only what those
 * before it declare.
 */
export function pageScript(): string {
  const code = SOURCES.map((file) => stripTypeScriptTypes(readFileSync(new URL(file, import.meta.url), 'utf8')));
  const lines = code
    .join('\n')
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export /gm, '');
  return `(() => {\n'use strict';\n${lines}\n})();`;
}

let made: string | undefined;

/** The script as it stands in the page. It is made only if somebody looks at the page. */
export function script(): string {
  made ??= typeof MELTEMI_PAGE_SCRIPT === 'string' ? MELTEMI_PAGE_SCRIPT : pageScript();
  return made;
}
