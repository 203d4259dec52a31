import type { Rule } from '../rule.ts';

export const configReadDelay: Rule<'config-read-delay'> = {
  code: 'config-read-delay',
  help: 'The injector configuration has just changed. Meltemi gives istiod time to read it.',
  lookAgain: 'on-change',
  check({ injection }, { now, policy, epochSeenAt }) {
    const until = (epochSeenAt.get(injection.epoch) ?? now) + policy.istiodConfigReadDelay;
    return until > now
      ? { detail: `the injector of ${injection.entry.configuration} has just changed`, until }
      : undefined;
  },
};
