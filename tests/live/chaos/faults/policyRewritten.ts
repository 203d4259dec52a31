import { USUAL } from '../chaosPolicy.ts';
import type { Fault } from '../fault.ts';

/** The policy gets other limits, other waves or another bake, and then what it had. */
export const policyRewritten: Fault = {
  name: 'policy-rewritten',
  holds: ['policy'],
  // longer than an operator may take to notice
  lasts: [9, 16],
  begin: ({ policy }, dice) => {
    policy.write({
      maxInFlight: 1 + dice.below(3),
      maxInFlightPerNamespace: 1,
      maxRestartsPerMinute: dice.pick([0, 6, 12]),
      waves: dice.pick([[], ['one'], ['two', 'one'], ['one', 'two']]),
      bake: dice.pick([1000, 4000]),
    });
    return () => policy.write(USUAL);
  },
};
