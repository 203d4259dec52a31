import { actuatorOf } from '../../kinds/actuatorOf.ts';
import { awaitedBudgets, budgetName, isAllDown } from '../budget.ts';
import { isOurFailure } from '../ownFailure.ts';
import type { Rule } from '../rule.ts';

/**
 * If the workload's own pods have spent a budget, by a failed restart or because none is Ready, only another rollout can restore it. So can
 * the eviction of an outdated pod that is not Ready, which comes before the others, where the API server lets it go.
 */
export const budgets: Rule<'pdb'> = {
  code: 'pdb',
  help: 'A PodDisruptionBudget allows no disruption now, or another workload under the same budget is being restarted.',
  ends: 'The budget allows a disruption, and no other workload under it is in flight. Or set `--pdb=ignore`; evictions ignore that.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  betweenPods: true,
  check(assessed, { policy }) {
    if (isOurFailure(assessed) || isAllDown(assessed)) return undefined;
    const { workload, verdict } = assessed;
    const isNextUnready = actuatorOf(workload, policy).evicts && verdict.outdatedGroups.some(({ ready }) => !ready);
    const spent = awaitedBudgets(assessed, policy).find(
      ({ allowed, letsUnreadyGo }) => allowed < 1 && !(isNextUnready && letsUnreadyGo),
    );
    return spent && { detail: `${budgetName(spent)} allows no disruption: ${spent.detail}` };
  },
};
