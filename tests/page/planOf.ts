import type { Assessed } from '../../src/plan/assessed.ts';
import { type Plan, plan } from '../../src/plan/plan.ts';
import type { PlanContext } from '../../src/plan/planContext.ts';
import { journalOf } from '../builders/journal.ts';
import { context, policy } from '../builders/policy.ts';
import { assessed, expected } from '../builders/workload.ts';

/** What the operator decides about these workloads, with two restarts at a time. */
export function planOf(all: readonly Assessed[], given: Partial<PlanContext> = {}): Plan {
  const two = policy({ maxInFlight: 2, maxInFlightPerNamespace: 9 });
  return plan(all, context({ policy: two, journal: journalOf(all), ...given }));
}

/** An outdated workload of that name. */
export const outdatedOne = (name: string, namespace = 'shop'): Assessed =>
  assessed({ name, namespace, uid: `${namespace}/${name}` });

/** A current workload of that name. */
export const currentOne = (name: string, namespace = 'shop'): Assessed =>
  assessed({ name, namespace, uid: `${namespace}/${name}` }, { state: 'current', expected: expected(), drifts: [] });

/** So many workloads of a hundred namespaces, every third outdated. */
export const manyWorkloads = (count: number): Assessed[] =>
  Array.from({ length: count }, (_, index) => {
    const namespace = `team-${String(index % 100).padStart(2, '0')}`;
    return (index % 3 === 0 ? outdatedOne : currentOne)(`workload-${index}`, namespace);
  });
