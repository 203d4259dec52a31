import { nextPodLabels } from '../expect/admission.ts';
import { selects } from '../expect/selector.ts';
import { actuatorOf } from '../kinds/actuatorOf.ts';
import type { Budget, Workload } from '../model.ts';
import type { Outdated } from './assessed.ts';
import type { Policy } from './policy.ts';

/**
 * The budgets that cover a workload's next pods. A selector that Kubernetes would reject covers everything: better to wait than to guess.
 */
export function covering(budgets: readonly Budget[], workload: Workload): Budget[] {
  const labels = nextPodLabels(workload);
  const here = budgets.filter(({ namespace }) => namespace === workload.namespace || namespace === '');
  return here.filter(({ selector }) => selector && coversAny(selector, labels));
}

function coversAny(...[selector, labels]: Parameters<typeof selects>): boolean {
  try {
    return selects(selector, labels);
  } catch {
    return true;
  }
}

/**
 * Whether a rollout takes pods away before their successors are ready: always with Recreate, else where its strategy lets some be
 * unavailable. A rollout that only surges disturbs no pod, and no budget is asked about it.
 */
export const lowersAvailability = ({ maxUnavailable, rollout }: Workload): boolean =>
  maxUnavailable > 0 && rollout.desired > 0;

/**
 * The budgets that a restart waits for. With `pdb: ignore` a rollout waits for none. Evictions do even then: the API server refuses them,
 * so the restart would hold a slot and evict nothing, again and again. Only the API server knows of budgets that could not be read, and
 * whether a spent one lets a pod go that is not Ready.
 */
export function awaitedBudgets({ workload, budgets, verdict }: Outdated, policy: Policy): readonly Budget[] {
  if (!lowersAvailability(workload)) return [];
  if (policy.pdb === 'respect') return budgets;
  const refuses = actuatorOf(workload, policy).evicts && verdict.outdatedGroups.every(({ ready }) => ready);
  return refuses ? budgets.filter(({ name }) => name !== '') : [];
}

/** Whether a rollout may leave no pod at all: Recreate, or a maxUnavailable of all. */
export const meansOutage = ({ maxUnavailable, rollout, partition }: Workload): boolean =>
  rollout.desired > 0 && maxUnavailable >= rollout.desired && partition === 0;

/** Whether every pod is outdated and none is Ready: a restart takes nothing away then, and the mesh may be what keeps them down. */
export const isAllDown = ({ workload, verdict, groups, onLostNodes }: Outdated): boolean =>
  workload.rollout.available === 0 &&
  onLostNodes === 0 &&
  verdict.pods > 0 &&
  verdict.outdatedPods === verdict.pods &&
  groups.every(({ ready }) => !ready);

/** A budget in words, and what tells two apart. */
export const budgetName = ({ namespace, name }: Budget): string =>
  name ? `${namespace}/${name}` : 'unreadable budgets';
