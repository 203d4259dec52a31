import { USUAL } from '../chaosPolicy.ts';
import type { Fault } from '../fault.ts';

/** The policy pauses, or freezes, for a while. */
export const policyClosed: Fault = {
  name: 'policy-closed',
  holds: ['policy'],
  lasts: [5, 14],
  begin: ({ policy }, dice) => {
    policy.write({ ...USUAL, closed: dice.pick(['paused', 'frozen'] as const) });
    return () => policy.write(USUAL);
  },
};
