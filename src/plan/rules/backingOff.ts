import { keyOf } from '../../model.ts';
import type { Assessed } from '../assessed.ts';
import { endOf, type Rule, type RuleContext } from '../rule.ts';
import type { Finding } from '../wait.ts';

/** A failed attempt is retried with back-off, whatever the error was. */
export const backingOff: Omit<Rule<'error'>, 'check'> & {
  check(assessed: Assessed, context: Pick<RuleContext, 'now' | 'retryAt'>): Finding | undefined;
} = {
  code: 'error',
  help: 'The last attempt failed with an error; Meltemi tries again with back-off.',
  ends: 'The next attempt succeeds. The detail has the error, and `until` the time of the attempt.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil: ({ workload }, { now, retryAt }) => endOf(retryAt.get(keyOf(workload))?.until, now),
  check({ workload }, { now, retryAt }) {
    const retry = retryAt.get(keyOf(workload));
    return retry && retry.until > now ? { detail: retry.problem, until: retry.until } : undefined;
  },
};
