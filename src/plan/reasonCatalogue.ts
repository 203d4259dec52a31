import { VERDICT_REASONS } from '../compare/verdictReasons.ts';
import type { ReasonCode } from '../reasons.ts';
import { WAIT_REASONS } from './waitReasons.ts';

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
