import type { Workload } from '../model.ts';
import type { Actuator } from '../restart/actuator.ts';
import { byEviction } from '../restart/byEviction.ts';
import type { KindPolicy } from './kindPolicy.ts';
import { ownerKind } from './kinds.ts';

/** How a workload is restarted under this policy. Whether it may be restarted at all, its kind's `refuses` says. */
export function actuatorOf(workload: Workload, policy: KindPolicy): Actuator {
  const { actuator, evicts } = ownerKind(workload.kind);
  return evicts?.(workload, policy) ? byEviction : actuator;
}
