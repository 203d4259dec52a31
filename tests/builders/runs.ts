import { atOnce } from '../../src/atOnce.ts';
import type { Assessed } from '../../src/plan/assessed.ts';
import type { Outcome } from '../../src/plan/outcomes.ts';
import type { Planned, Step } from '../../src/plan/plan.ts';
import type { RunNotes } from '../../src/plan/runNotes.ts';
import { RunMembers, type RunState } from '../../src/plan/runState.ts';
import type { Wait } from '../../src/plan/wait.ts';
import type { WaitCode } from '../../src/plan/waitReasons.ts';
import { reason } from '../../src/reasons.ts';
import { journalled, restarted } from './journal.ts';
import { assessed, expected, MINUTE, NOW } from './workload.ts';

const CURRENT: Assessed['verdict'] = { state: 'current', expected: expected(), drifts: [] };

/** A Deployment of namespace `shop` unless its name says another: `bank/api`. */
function named(name: string): { readonly namespace: string; readonly name: string } {
  const [first = '', second] = name.split('/');
  return second === undefined ? { namespace: 'shop', name: first } : { namespace: first, name: second };
}

const NONE: Step = { action: 'none' };

/** An outdated workload that waits for this. */
export const waiting = (name: string, code: WaitCode, of?: Wait['of']): Planned => ({
  ...assessed(named(name)),
  step: { action: 'wait', reason: reason(code, `why ${code}`), ...(of && { of }) },
});

/** A workload that was restarted five minutes ago, and whose restart has ended. It is current if that was verified. */
export const ended = (name: string, outcome: Outcome, step: Step = NONE): Planned => ({
  ...journalled(restarted(5 * MINUTE, outcome), named(name), outcome === 'verified' ? CURRENT : undefined),
  step,
});

/** A workload that is being restarted. */
export const inFlight = (name: string): Planned => ({
  ...journalled(restarted(MINUTE), named(name)),
  step: { action: 'follow', reason: reason('in-flight', '') },
});

/** A workload whose restart failed, and that is not restarted again. */
export const gaveUp = (name: string, outcome: Outcome = 'failed:timeout'): Planned =>
  ended(name, outcome, { action: 'wait', reason: reason('gave-up', 'outcome failed:timeout') });

/** A workload that is as it should be, and was never restarted. */
export const current = (name: string): Planned => ({ ...assessed(named(name), CURRENT), step: NONE });

/** A workload with this verdict. */
export const judged = (name: string, verdict: Assessed['verdict']): Planned => ({
  ...assessed(named(name), verdict),
  step: NONE,
});

/** The notes of a run that started ten minutes ago and whose last restart ended two minutes ago. */
export const notes = (given: RunNotes = {}): RunNotes => ({
  startedAt: NOW - 10 * MINUTE,
  endedAt: NOW - 2 * MINUTE,
  ...given,
});

/** How far the run `run` is with these workloads. */
export function runState(items: readonly Planned[], given: RunNotes = notes()): RunState {
  const [state] = atOnce(new RunMembers().states({ items }, new Map([['run', given]])));
  return state as RunState;
}
