import type { Fault } from '../fault.ts';

/** The leader stands still until it has lost its Lease, and wakes. */
export const leaderFrozen: Fault = {
  name: 'leader-frozen',
  holds: ['operators'],
  lasts: [14, 22],
  begin: ({ leader }) => {
    leader.freeze();
    return () => leader.thaw();
  },
};
