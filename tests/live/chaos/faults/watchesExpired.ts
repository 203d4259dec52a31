import type { Fault } from '../fault.ts';
import { onTheWay } from '../onTheWay.ts';

/** Watches break, and are told 410 when they begin again. */
export const watchesExpired: Fault = {
  name: 'watches-expired',
  holds: ['way'],
  lasts: [2, 6],
  begin: (arena, dice) =>
    onTheWay(arena, dice, (api) => {
      api.isExpired = true;
      api.cutWatches();
    }),
};
