import { PRODUCT } from '../../names.ts';
import type { Rule } from '../rule.ts';

export const operatorPaused: Rule<'operator-paused'> = {
  code: 'operator-paused',
  endedBy: `${PRODUCT} resume -n {meltemi}`,
  help: 'A user has paused Meltemi with `meltemi pause`, with the annotation on its Lease, or with `paused` in the policy.',
  ends: 'You run `meltemi resume`, or remove `paused` from the policy.',
  lookAgain: 'on-change',
  betweenPods: true,
  check(_assessed, { paused, policy }) {
    if (paused !== undefined) return { detail: paused };
    return policy.paused === undefined ? undefined : { detail: `${policy.paused} (paused in the policy)` };
  },
};
