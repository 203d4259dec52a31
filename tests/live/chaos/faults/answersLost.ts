import type { Fault } from '../fault.ts';
import { onTheWay } from '../onTheWay.ts';

/** Every second write is done, and its connection breaks before the answer. */
export const answersLost: Fault = {
  name: 'answers-lost',
  holds: ['way'],
  lasts: [4, 10],
  begin: (arena, dice) =>
    onTheWay(arena, dice, (api) => {
      api.losesAnswers = true;
    }),
};
