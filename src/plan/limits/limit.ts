import type { Outdated } from '../assessed.ts';
import type { Finding, PlanContext, WaitReason } from '../rule.ts';
import type { Counts } from './counts.ts';

/** One bound on how many workloads restart at the same time, or how fast. Pure: it gets the next workload of the queue, and the counts. */
export interface Limit<Code extends string = string> extends WaitReason<Code> {
  check(assessed: Outdated, counts: Counts, context: PlanContext): Finding | undefined;
}
