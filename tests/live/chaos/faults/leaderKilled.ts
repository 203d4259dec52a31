import type { Fault } from '../fault.ts';

/** The leader is killed in the middle of whatever it does, and started again. */
export const leaderKilled: Fault = {
  name: 'leader-killed',
  holds: ['operators'],
  lasts: [0, 8],
  begin: async ({ leader }) => {
    await leader.kill();
    return () => leader.start();
  },
};
