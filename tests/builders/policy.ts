import { policyOf } from '../../src/cli/policyOf.ts';
import { defaults } from '../../src/cli/settings.ts';
import { keyOf, type WorkloadRef } from '../../src/model.ts';
import type { Plan, Step } from '../../src/plan/plan.ts';
import type { PlanContext } from '../../src/plan/planContext.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { HOUR, NOW } from './workload.ts';

/** The policy as it is by default, unless said otherwise. */
export const policy = (given: Partial<Policy> = {}): Policy => ({ ...policyOf(defaults(), new Set()), ...given });

export const POLICY = policy();

/** What a plan is made in: an hour after the injectors became known, nothing else going on. */
export const context = (given: Partial<PlanContext> = {}): PlanContext => ({
  now: NOW,
  wall: NOW,
  journal: new Map(),
  policy: POLICY,
  epochSeenAt: new Map([['epoch', NOW - HOUR]]),
  retryAt: new Map(),
  unconfirmed: () => undefined,
  stale: undefined,
  paused: undefined,
  busy: new Set(),
  starting: new Set(),
  notes: new Map(),
  metricGates: new Map(),
  ...given,
});

/** What a plan says is to be done about a workload. */
export const stepFor = ({ items }: Plan, ref: WorkloadRef): Step | undefined =>
  items.find(({ workload }) => keyOf(workload) === keyOf(ref))?.step;
