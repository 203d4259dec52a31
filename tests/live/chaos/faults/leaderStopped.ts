import type { Fault } from '../fault.ts';

/** The leader is told to stop, as in a rollout of its Deployment, and hands over. */
export const leaderStopped: Fault = {
  name: 'leader-stopped',
  holds: ['operators'],
  lasts: [1, 6],
  begin: async ({ leader }) => {
    await leader.stop();
    return () => leader.start();
  },
};
