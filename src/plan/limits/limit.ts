import type { Outdated } from '../assessed.ts';
import type { Finding, PlanContext, WaitReason } from '../rule.ts';
import type { Counts } from './counts.ts';

/** One bound on what restarts at the same time, or how fast. Pure; it sees a workload and what is counted when its turn in the queue comes. */
export interface Limit<Code extends string = string> extends WaitReason<Code> {
  check(assessed: Outdated, counts: Counts, context: PlanContext): Finding | undefined;
}
