import type { Rule } from '../rule.ts';
import { frozenBy } from '../windows/freeze.ts';
import { isUrgent } from '../windows/urgent.ts';

/** By the wall clock, as windows. */
export const freeze: Rule<'freeze'> = {
  code: 'freeze',
  help: 'One of the `freezes` of the policy is in force for this workload. The detail says when it ends.',
  ends: 'The freeze ends, at the time in the detail. Or edit `freezes` in the policy.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil(_assessed, { now, wall, policy }) {
    const times = (policy.freezes ?? []).flatMap(({ from, to }) => [from, to]).filter((time) => time > wall);
    return Math.min(...times, Number.POSITIVE_INFINITY) - wall + now;
  },
  check(assessed, { now, wall, policy }) {
    if (!policy.freezes || isUrgent(assessed, policy)) return undefined;
    const frozen = frozenBy(policy.freezes, assessed, wall);
    return frozen && { detail: frozen.detail, until: frozen.until - wall + now };
  },
};
