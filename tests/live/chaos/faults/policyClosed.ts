import { USUAL } from '../chaosPolicy.ts';
import type { Fault } from '../fault.ts';

/** The policy pauses, or freezes, for a while. */
export const policyClosed: Fault = {
  name: 'policy-closed',
  holds: ['policy'],
  // longer than an operator may take to notice
  lasts: [9, 14],
  begin: ({ policy }, dice) => {
    policy.write({ ...USUAL, closed: dice.pick(['paused', 'frozen'] as const) });
    return () => policy.write(USUAL);
  },
};
