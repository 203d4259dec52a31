import { awaitedBudgets, budgetName } from '../budget.ts';
import { budgets as budgetRule } from '../rules/budgets.ts';
import type { Limit } from './limit.ts';

/** Workloads under the same budget restart one at a time. Users see the same reason for this as for a spent budget. */
export const oneUnderABudget: Limit<'pdb'> = {
  code: budgetRule.code,
  help: budgetRule.help,
  ends: budgetRule.ends,
  lookAgain: budgetRule.lookAgain,
  heldBy: 'its own state',
  check(assessed, counts, { policy }) {
    for (const budget of awaitedBudgets(assessed, policy)) {
      const other = counts.underBudget(budget, assessed.workload.namespace);
      if (other) return { detail: `it shares ${budgetName(budget)} with ${other}, which is in flight` };
    }
    return undefined;
  },
};
