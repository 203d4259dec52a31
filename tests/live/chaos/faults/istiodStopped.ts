import type { Fault } from '../fault.ts';

/** istiod takes questions and answers none. */
export const istiodStopped: Fault = {
  name: 'istiod-stopped',
  holds: ['istiod'],
  lasts: [3, 10],
  begin: (arena) => arena.freeze('istiod'),
};
