import type { Fault } from '../fault.ts';
import { onTheWay } from '../onTheWay.ts';

/** Requests take long to arrive. */
export const apiSlow: Fault = {
  name: 'api-slow',
  holds: ['way'],
  lasts: [4, 10],
  begin: (arena, dice) =>
    onTheWay(arena, dice, (api) => {
      api.delay = 200 + dice.below(1800);
    }),
};
