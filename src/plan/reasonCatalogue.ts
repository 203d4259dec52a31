import { VERDICT_REASONS } from '../compare/verdictReasons.ts';
import type { ReasonCode } from '../reasons.ts';
import { WAIT_REASONS } from './waitReasons.ts';

/** Every reason with its meaning: first of verdicts, then of rules, gates and limits. The table in docs/reasons.md is made from it. */
export const REASONS: ReadonlyMap<ReasonCode, string> = new Map<ReasonCode, string>([
  ...Object.entries(VERDICT_REASONS).map(([code, help]): [ReasonCode, string] => [code as ReasonCode, help]),
  ...[...WAIT_REASONS.values()].map(({ code, help }): [ReasonCode, string] => [code, help]),
]);
