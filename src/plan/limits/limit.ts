import type { Outdated } from '../assessed.ts';
import type { PlanContext } from '../planContext.ts';
import type { Finding, WaitReason } from '../wait.ts';
import type { Counts } from './counts.ts';

/** A limit on concurrent restarts or on their rate. Pure: its input is the next workload of the queue, and the counts. */
export interface Limit<Code extends string = string> extends WaitReason<Code> {
  check(assessed: Outdated, counts: Counts, context: PlanContext): Finding | undefined;
}
