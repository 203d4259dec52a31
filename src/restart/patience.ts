import type { Workload } from '../model.ts';
import { type Assessed, bySidecar } from '../plan/assessed.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import type { Policy } from '../plan/policy.ts';
import { type IsInjector, isNotReached, isRefusedByInjector } from './progress.ts';

/** How long an unreachable injector may extend a restart beyond its time limit. Then the restart gives up its slot. */
const LONGEST_EXCUSE = 60 * 60_000;
/** The longest time between two tries of a controller (client-go util/workqueue DefaultTypedControllerRateLimiter). */
const LONGEST_BACK_OFF = 1000 * 1000;
/** The shortest time between two looks at a rollout's pods, and between two questions to its injector while pods are missing. */
export const LOOK_EVERY = 5000;
export const ASK_EVERY = 15_000;
/** An injector is asked with the first look that comes after `ASK_EVERY`, so it may be unreachable for so much longer than was seen. */
const UNSEEN = ASK_EVERY + LOOK_EVERY;

/** Whether a restart without progress may exceed its time limit. This depends on the cause. Times are from the steady clock. */
export interface Patience {
  /**
   * A user with write access to the workload can pause it, or write a template that the injector rejects. It gets twice the time
   * limit and no more, because other restarts need the slot.
   */
  readonly people: boolean;
  /** The injector is unreachable, or the API server does not answer. */
  readonly cluster: boolean;
  /** Until when a cause excuses the restart if it is seen now. */
  readonly until: number;
  /**
   * The same for an unreachable injector. The controller of the workload doubles the time between its tries while they fail. So after the
   * injector is back, its next try may take as long as the restart has lasted. Only then the rollout goes on.
   */
  readonly untilNextTry: number;
}

/** @param now steady clock, milliseconds */
export function patienceWith(
  entry: Pick<JournalEntry, 'since'>,
  { restartTimeout }: Pick<Policy, 'restartTimeout'>,
  now: number,
): Patience {
  const over = now - entry.since - restartTimeout;
  const until = now + restartTimeout;
  const backAt = now + UNSEEN;
  const backOff = Math.min(LONGEST_BACK_OFF, Math.max(0, backAt - entry.since));
  return {
    people: over < restartTimeout,
    cluster: over < LONGEST_EXCUSE,
    until,
    untilNextTry: backAt + backOff + restartTimeout,
  };
}

/** Until when the status of a workload excuses that its restart is late; undefined if it does not. */
export function excusedByStatus(workload: Workload, patience: Patience, isInjector: IsInjector): number | undefined {
  if (patience.cluster && isNotReached(workload, isInjector)) return patience.untilNextTry;
  const isHeld = workload.paused || isRefusedByInjector(workload, isInjector);
  return patience.people && isHeld ? patience.until : undefined;
}

/** Until when the answers of injectors excuse that a restart is late; undefined if they do not. */
export function excusedByInjector(assessed: Assessed, patience: Patience): number | undefined {
  const sidecars = bySidecar(assessed);
  if (patience.cluster && sidecars.some(isUnreachable)) return patience.untilNextTry;
  return patience.cluster && patience.people && sidecars.some(isRefused) ? patience.until : undefined;
}

const isUnreachable = ({ verdict }: Assessed): boolean =>
  verdict.state === 'unknown' && verdict.reason.code === 'injector-unreachable';

const isRefused = ({ verdict }: Assessed): boolean =>
  verdict.state === 'unknown' && verdict.reason.code === 'injector-refused';
