import type { Fault } from '../fault.ts';

const EVERY_MS = 400;

/** Watches break again and again. */
export const watchesCut: Fault = {
  name: 'watches-cut',
  holds: ['way'],
  lasts: [2, 6],
  begin: (arena, dice) => {
    const replicas = arena.some(dice);
    const cutting = setInterval(() => {
      for (const { api } of replicas) api.cutWatches();
    }, EVERY_MS);
    return () => clearInterval(cutting);
  },
};
