import type { Fault } from '../fault.ts';
import { onTheWay } from '../onTheWay.ts';

/** The API server answers every second request 429. */
export const apiBusy: Fault = {
  name: 'api-busy',
  holds: ['way'],
  lasts: [4, 10],
  begin: (arena, dice) =>
    onTheWay(arena, dice, (api) => {
      api.isBusy = true;
    }),
};
