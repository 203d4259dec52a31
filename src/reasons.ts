import type { VerdictReasonCode } from './compare/verdictReasons.ts';
import type { WaitCode } from './plan/waitReasons.ts';

/**
 * Every reason a verdict or a wait can carry. It is a metric label and a JSON field, so the set is closed; the detail names the objects and
 * values at hand. src/plan/reasonCatalogue.ts has them all with what they mean.
 */
export type ReasonCode = VerdictReasonCode | WaitCode;

/** The reason for a verdict or a decision: `code` for machines, `detail` for users. */
export interface Reason {
  readonly code: ReasonCode;
  readonly detail: string;
}

/** A reason from the catalogue. @param detail the facts of this case, for users */
export const reason = (code: ReasonCode, detail: string): Reason => ({ code, detail });
