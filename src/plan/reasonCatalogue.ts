import { VERDICT_REASONS, type VerdictReasonCode } from '../compare/verdictReasons.ts';
import { WAIT_REASONS, type WaitCode } from './waitReasons.ts';

/** Every reason that a verdict or a wait can carry. It is a metric label and a JSON field, so the set is closed. */
export type ReasonCode = VerdictReasonCode | WaitCode;

/** What users are told about a reason. */
export interface ReasonHelp {
  /** Whether a verdict gives it, or an outdated workload waits for it. */
  readonly of: 'verdict' | 'wait';
  /** What it means. */
  readonly help: string;
  /** What ends it, and what a user can do for that. */
  readonly ends: string;
}

/** Every reason: first of verdicts, then of rules, gates and limits. docs/reasons.md and `meltemi explain` are made from it. */
export const REASONS: ReadonlyMap<ReasonCode, ReasonHelp> = new Map<ReasonCode, ReasonHelp>([
  ...Object.entries(VERDICT_REASONS).map(([code, { help, ends }]): [ReasonCode, ReasonHelp] => [
    code as ReasonCode,
    { of: 'verdict', help, ends },
  ]),
  ...[...WAIT_REASONS.values()].map(({ code, help, ends }): [ReasonCode, ReasonHelp] => [
    code,
    { of: 'wait', help, ends },
  ]),
]);
