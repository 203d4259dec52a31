import type { Outdated } from '../assessed.ts';
import type { PlanContext } from '../planContext.ts';
import { type Wait, waitFor } from '../wait.ts';
import type { Counts } from './counts.ts';
import { firstOfItsKind } from './firstOfItsKind.ts';
import type { Limit } from './limit.ts';
import { maxInFlight } from './maxInFlight.ts';
import { maxInFlightPerNamespace } from './maxInFlightPerNamespace.ts';
import { maxInFlightPerWave } from './maxInFlightPerWave.ts';
import { maxRestartsPerMinute } from './maxRestartsPerMinute.ts';
import { oneOfAnOwnerKind } from './oneOfAnOwnerKind.ts';
import { oneOfARolloutGroup } from './oneOfARolloutGroup.ts';
import { oneUnderABudget } from './oneUnderABudget.ts';
import { ownWorkload } from './ownWorkload.ts';
import { restartDelay } from './restartDelay.ts';

/** The limits in order. */
export const LIMITS = [
  ownWorkload,
  maxInFlight,
  maxInFlightPerNamespace,
  maxInFlightPerWave,
  oneUnderABudget,
  oneOfARolloutGroup,
  oneOfAnOwnerKind,
  firstOfItsKind,
  maxRestartsPerMinute,
  restartDelay,
] as const satisfies readonly Limit[];

type LimitCode = (typeof LIMITS)[number]['code'];

/** The first limit that this workload would exceed; undefined if none. */
export function fullLimit(assessed: Outdated, counts: Counts, context: PlanContext): Wait<LimitCode> | undefined {
  for (const limit of LIMITS as readonly Limit<LimitCode>[]) {
    const finding = limit.check(assessed, counts, context);
    if (finding) return waitFor(limit, finding);
  }
  return undefined;
}
