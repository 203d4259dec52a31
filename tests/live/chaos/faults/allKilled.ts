import type { Fault } from '../fault.ts';

/** Both operators are killed, and started again. */
export const allKilled: Fault = {
  name: 'all-killed',
  holds: ['operators'],
  lasts: [0, 6],
  begin: async ({ replicas }) => {
    await Promise.all(replicas.map((replica) => replica.kill()));
    return () => {
      for (const replica of replicas) replica.start();
    };
  },
};
