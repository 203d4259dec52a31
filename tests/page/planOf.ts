import type { Assessed } from '../../src/plan/assessed.ts';
import { type Plan, plan } from '../../src/plan/plan.ts';
import type { PlanContext } from '../../src/plan/rule.ts';
import { journalOf } from '../builders/journal.ts';
import { policy } from '../builders/policy.ts';
import { assessed, expected, NOW } from '../builders/workload.ts';

/** What the operator decides about these workloads, with two restarts at a time. */
export function planOf(all: readonly Assessed[], given: Partial<PlanContext> = {}): Plan {
  return plan(all, {
    now: NOW,
    wall: NOW,
    policy: policy({ maxInFlight: 2, maxInFlightPerNamespace: 9, istiodConfigReadDelay: 0 }),
    journal: journalOf(all),
    notes: new Map(),
    metricGates: new Map(),
    epochSeenAt: new Map(),
    retryAt: new Map(),
    unconfirmed: () => undefined,
    stale: undefined,
    paused: undefined,
    busy: new Set(),
    starting: new Set(),
    ...given,
  });
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
