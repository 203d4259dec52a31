import { budgetName, lowersAvailability } from '../budget.ts';
import { budgets as budgetRule } from '../rules/budgets.ts';
import type { Limit } from './limit.ts';

/** Workloads that take pods from one budget go one after the other. People see one reason for this and for a spent budget. */
export const oneUnderABudget: Limit<'pdb'> = {
  code: budgetRule.code,
  help: budgetRule.help,
  lookAgain: budgetRule.lookAgain,
  check({ workload, budgets }, counts, { policy }) {
    if (policy.pdb === 'ignore' || !lowersAvailability(workload)) return undefined;
    for (const budget of budgets) {
      const other = counts.underBudget(budget, workload.namespace);
      if (other) return { detail: `it shares ${budgetName(budget)} with ${other}, which is in flight` };
    }
    return undefined;
  },
};
