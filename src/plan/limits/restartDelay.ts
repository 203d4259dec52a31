import type { Limit } from './limit.ts';

export const restartDelay: Limit<'restart-delay'> = {
  code: 'restart-delay',
  help: 'The last restart was written a moment ago.',
  lookAgain: 'on-change',
  check(_assessed, { lastWrite }, { now, policy: { restartDelay: least } }) {
    const until = lastWrite + least;
    return least > 0 && until > now ? { detail: 'the last restart was written a moment ago', until } : undefined;
  },
};
