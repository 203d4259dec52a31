import type { Limit } from './limit.ts';

export const maxInFlight: Limit<'max-in-flight'> = {
  code: 'max-in-flight',
  help: 'The limit of restarts in flight is reached.',
  ends: 'Another restart ends. Or raise `--max-in-flight`.',
  lookAgain: 'on-change',
  check(_assessed, { inFlight }, { policy: { maxInFlight: most } }) {
    if (inFlight < most) return undefined;
    return { detail: `${inFlight} of ${most} restarts are in flight` };
  },
};
