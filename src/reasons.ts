import type { VerdictReasonCode } from './compare/verdictReasons.ts';

/** The reason for a verdict or a decision: `code` for machines, `detail` for users. */
export interface Reason<Code extends string = VerdictReasonCode> {
  readonly code: Code;
  readonly detail: string;
}

/** A reason from the catalogue. @param detail the facts of this case, for users */
export const reason = <Code extends string>(code: Code, detail: string): Reason<Code> => ({ code, detail });
