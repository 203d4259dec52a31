import type { Invariant } from './history.ts';
import { evictedOnce } from './invariants/evictedOnce.ts';
import { closedTimes, leftAlone } from './invariants/leftAlone.ts';
import { inFlight, inFlightPerNamespace, perMinute } from './invariants/limits.ts';
import { onceForOneTarget, oneTemplateForOneTarget } from './invariants/onceForOneTarget.ts';
import { onlyTheHolder } from './invariants/onlyTheHolder.ts';
import { waveOrder } from './invariants/waveOrder.ts';

/** What must hold whatever fails. */
export const INVARIANTS: readonly Invariant[] = [
  onceForOneTarget,
  oneTemplateForOneTarget,
  inFlight,
  inFlightPerNamespace,
  perMinute,
  waveOrder,
  onlyTheHolder,
  evictedOnce,
  leftAlone,
  closedTimes,
];
