import { INCLUDED, make } from '../chaosFleet.ts';
import type { Fault } from '../fault.ts';

/** A namespace is deleted with all that is in it, and made again. */
export const namespaceRemade: Fault = {
  name: 'namespace-remade',
  holds: ['fleet', 'api'],
  lasts: [1, 5],
  begin: async ({ bed }, dice) => {
    const namespace = dice.pick(INCLUDED);
    await bed.deleteNamespace(namespace);
    return () => make(bed, namespace);
  },
};
