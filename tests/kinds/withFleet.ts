import { registerHooks } from 'node:module';

const LIST = '/src/kinds/kinds.ts';
const BEGINNING = 'export const KINDS: readonly OwnerKind[] = [';
const FLEET = new URL('fleet.ts', import.meta.url).href;

/**
 * Adds the example kind as a person would: its file is imported, and stands in the list of kinds. Only modules that are imported after
 * this one know it, so tests import them by `await import()`; a process takes it by `node --import`.
 */
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(LIST)) return loaded;
    const source = String(loaded.source);
    if (!source.includes(BEGINNING)) throw new Error(`${LIST} has no list that begins with "${BEGINNING}"`);
    const listed = source.replace(BEGINNING, `${BEGINNING}fleet, `);
    return { ...loaded, source: `import { fleet } from '${FLEET}';\n${listed}` };
  },
});
