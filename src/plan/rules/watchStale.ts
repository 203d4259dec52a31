import type { Rule } from '../rule.ts';

/** With an old picture of the control plane, it is not known whether it is ready. */
export const watchStale: Rule<'watch-stale'> = {
  code: 'watch-stale',
  help: 'Something that decides the expectation cannot be watched at the moment, named in the detail.',
  lookAgain: 'on-change',
  check: (_assessed, { stale }) => (stale === undefined ? undefined : { detail: stale }),
};
