import { LIMITS } from './limits/limits.ts';
import { RULES } from './rules/rules.ts';
import type { HeldBy, LookAgain, Wait, WaitReason } from './wait.ts';

/** The reason of every workload whose restart is written and has not ended. */
export const IN_FLIGHT = {
  code: 'in-flight',
  help: 'A restart of this workload is being followed.',
  ends: 'The restart ends: its new pods are ready, or `--restart-timeout` has passed.',
  lookAgain: 'on-change',
} as const satisfies WaitReason;

type Listed = (typeof RULES)[number] | (typeof LIMITS)[number] | typeof IN_FLIGHT;

/** Every reason for which an outdated workload is not restarted now. */
export type WaitCode = Listed['code'];

/** Rules and limits by their code. Where two share a code, they share its help and its interval. */
export const WAIT_REASONS: ReadonlyMap<WaitCode, WaitReason<WaitCode>> = new Map(
  [IN_FLIGHT, ...RULES, ...LIMITS].map((one: Listed): [WaitCode, WaitReason<WaitCode>] => [one.code, one]),
);

const INTERVALS: ReadonlyMap<string, LookAgain> = new Map(
  [...WAIT_REASONS.values()].map(({ code, lookAgain }) => [code, lookAgain]),
);

/** After how many milliseconds a workload that waits for this reason is read again; undefined: something else tells. */
export function lookAgainAfter(code: string): number | undefined {
  const interval = INTERVALS.get(code);
  return interval === 'on-change' ? undefined : interval;
}

/** Who keeps back a workload that waits so; undefined if the wait ends by itself or with the run. */
export const holderOf = ({ reason, heldBy }: Wait): HeldBy | undefined => heldBy ?? HOLDERS.get(reason.code);

const HOLDERS: ReadonlyMap<string, HeldBy | undefined> = new Map(
  [...WAIT_REASONS.values()].map((one): [string, HeldBy | undefined] => [one.code, one.heldBy]),
);
