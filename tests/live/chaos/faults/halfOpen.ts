import type { Fault } from '../fault.ts';
import { onTheWay } from '../onTheWay.ts';

/** Nothing passes any more, and no connection is closed. Those of that time stay so. */
export const halfOpen: Fault = {
  name: 'half-open',
  holds: ['way'],
  lasts: [3, 20],
  begin: (arena, dice) =>
    onTheWay(arena, dice, (api) => {
      api.isSilent = true;
    }),
};
