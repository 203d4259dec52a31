import { injectorWord, isAsked } from '../../expect/mesh.ts';
import { endOf, type Rule } from '../rule.ts';

export const configReadDelay: Rule<'config-read-delay'> = {
  code: 'config-read-delay',
  help: 'The injector configuration has just changed. Meltemi gives istiod time to read it.',
  ends: '`--istiod-config-read-delay` has passed.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil({ injection }, { now, policy, epochSeenAt }) {
    const seenAt = epochSeenAt.get(injection.epoch);
    if (!isAsked(injection)) return Number.POSITIVE_INFINITY;
    return seenAt === undefined ? now : endOf(seenAt + policy.istiodConfigReadDelay, now);
  },
  check({ injection }, { now, policy, epochSeenAt }) {
    // a setting of the policy is in force at once
    if (!isAsked(injection)) return undefined;
    const until = (epochSeenAt.get(injection.epoch) ?? now) + policy.istiodConfigReadDelay;
    return until > now ? { detail: `the injector of ${injectorWord(injection)} has just changed`, until } : undefined;
  },
};
