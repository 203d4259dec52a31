import { addToList } from '../recipes/addToList.ts';

/** Adds the example kind to the list of kinds. */
addToList({
  list: '/src/kinds/kinds.ts',
  beginning: 'export const KINDS: readonly OwnerKind[] = [',
  name: 'fleet',
  file: new URL('fleet.ts', import.meta.url),
});
