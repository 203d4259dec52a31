import { type Assessed, ofSource } from '../plan/assessed.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { sourceIn, type Target, targetsOfRestart } from '../plan/record.ts';
import { type End, endOf, type Progress, type VerificationContext } from './progress.ts';

/** How a restart ended for one of its targets. */
export interface TargetEnd {
  readonly target: Target;
  readonly assessed: Assessed;
  readonly end: End;
}

/** How a restart has ended for each of its targets; undefined while it has not for all of them. */
export function endsOf(
  entry: JournalEntry,
  assessed: Assessed,
  { progress, ...context }: Omit<VerificationContext, 'target'> & { readonly progress: Progress },
): readonly TargetEnd[] | undefined {
  const ends = targetsOfRestart(entry).map((target) => {
    const one = ofSource(assessed, sourceIn(target.restartedFor));
    const end = one ? endOf(progress, one, { ...context, target }) : NOT_WANTED;
    return end && { target, assessed: one ?? assessed, end };
  });
  return ends.every((one) => one !== undefined) ? ends : undefined;
}

/** Whether the sidecar that a target is about cannot be judged now. */
export const isUnknown = (assessed: Assessed, { restartedFor }: Target): boolean =>
  ofSource(assessed, sourceIn(restartedFor))?.verdict.state === 'unknown';

const NOT_WANTED: End = { outcome: 'superseded:expectation', detail: 'the policy no longer names its sidecar' };
