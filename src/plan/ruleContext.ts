import type { Workload } from '../model.ts';
import type { Assessed } from './assessed.ts';
import { historyOf } from './history.ts';
import type { PlanContext } from './planContext.ts';
import { rolloutGroupsOf } from './rolloutGroups.ts';
import type { RuleContext } from './rule.ts';
import { isHeldForGood } from './rules/rules.ts';
import { Waves } from './waves.ts';

/**
 * What rules are asked with: the input of a plan, and what follows from all workloads together.
 * @param workloads how the rollouts of them stand; as they were observed by default
 */
export function ruleContextOf(
  assessed: readonly Assessed[],
  context: PlanContext,
  workloads: readonly Workload[] = assessed.map(({ workload }) => workload),
): RuleContext & { readonly waves: Waves } {
  const known: RuleContext = {
    ...context,
    history: historyOf(context.journal, assessed, context.wall, context.resumedAt),
    rolloutGroups: rolloutGroupsOf(workloads),
  };
  return { ...known, waves: new Waves(assessed, { ...context, isHeld: (one) => isHeldForGood(one, known) }) };
}
