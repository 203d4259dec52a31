import { injectorWord, isAsked } from '../../expect/mesh.ts';
import type { Rule } from '../rule.ts';

export const configReadDelay: Rule<'config-read-delay'> = {
  code: 'config-read-delay',
  help: 'The injector configuration has just changed. Meltemi gives istiod time to read it.',
  ends: '`--istiod-config-read-delay` has passed.',
  lookAgain: 'on-change',
  check({ injection }, { now, policy, epochSeenAt }) {
    // a setting of the policy is in force at once
    if (!isAsked(injection)) return undefined;
    const until = (epochSeenAt.get(injection.epoch) ?? now) + policy.istiodConfigReadDelay;
    return until > now ? { detail: `the injector of ${injectorWord(injection)} has just changed`, until } : undefined;
  },
};
