import type { Fault } from '../fault.ts';

/** istiod answers with the version before, to operators and to the API server, after it has answered with the new one. */
export const istiodLies: Fault = {
  name: 'istiod-lies',
  holds: ['istiod'],
  lasts: [3, 8],
  begin: (arena) => {
    arena.injector.lie = { now: arena.version, old: arena.versionBefore };
    return () => {
      arena.injector.lie = undefined;
    };
  },
};
