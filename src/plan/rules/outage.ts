import { isAllDown, meansOutage } from '../budget.ts';
import type { Rule } from '../rule.ts';

export const outage: Rule<'outage'> = {
  code: 'outage',
  help: 'Its rollout would leave no pod for a while, and `--recreate=hold` forbids that.',
  ends: 'The workload has more replicas or another update strategy. Or set `--recreate=restart`.',
  // other counts of replicas end it
  lookAgain: 30_000,
  heldBy: 'the policy',
  holdsNoWave: true,
  check(assessed, { policy }) {
    const { workload } = assessed;
    if (policy.recreate === 'restart' || !meansOutage(workload) || isAllDown(assessed)) return undefined;
    return { detail: `${workload.strategy} may remove all ${workload.rollout.desired} pods at once` };
  },
};
