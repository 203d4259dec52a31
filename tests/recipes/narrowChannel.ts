import type { Limit } from '../../src/plan/limits/limit.ts';

/** A made-up limit: while any restart is in flight, no ship begins one. */
export const narrowChannel: Limit<'narrow-channel'> = {
  code: 'narrow-channel',
  help: 'Another is in the channel (a made-up limit).',
  ends: 'The channel is free.',
  lookAgain: 15_000,
  check({ workload }, { inFlight }) {
    if (!workload.name.startsWith('ship') || inFlight === 0) return undefined;
    return { detail: `${inFlight} in the channel` };
  },
};
