import type { Limit } from './limit.ts';

export const restartDelay: Limit<'restart-delay'> = {
  code: 'restart-delay',
  help: 'The delay since the last restart of any workload has not passed yet.',
  ends: '`--restart-delay` has passed since the last restart.',
  lookAgain: 'on-change',
  check(_assessed, { lastWrite }, { now, policy: { restartDelay: least } }) {
    const until = lastWrite + least;
    return least > 0 && until > now
      ? { detail: 'the restart delay since the last restart has not passed yet', until }
      : undefined;
  },
};
