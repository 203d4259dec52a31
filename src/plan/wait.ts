import { type Reason, reason } from '../reasons.ts';

/**
 * How soon a workload is read again while it waits, in milliseconds. `on-change`: a watch, the end of a timed wait or the end of another
 * restart begins an evaluation anyway.
 */
export type LookAgain = number | 'on-change';

/** What rules, gates and limits have in common: a reason to wait, as the documentation, the metrics and the loop see it. */
export interface WaitReason<Code extends string = string> {
  readonly code: Code;
  /** One or two sentences for docs/reasons.md. */
  readonly help: string;
  /** What ends the wait, and what a user can do for that: one or two sentences for docs/reasons.md and `meltemi explain`. */
  readonly ends: string;
  readonly lookAgain: LookAgain;
  /**
   * The command with which users end the wait, for `meltemi status`; absent if it ends by itself, or if no one command ends it. It may have
   * `{meltemi}`, Meltemi's own namespace, and `{namespace}`, `{kind}` and `{name}` of the workload.
   */
  readonly endedBy?: string;
  /** Who keeps the workload back, if waiting alone may never end it. Absent where the wait ends by itself or with the run. */
  readonly heldBy?: HeldBy;
}

/**
 * Who keeps back a workload for whose restart no time is known: its own people, the policy, earlier restarts that failed, or the state that
 * its pods are in.
 */
export type HeldBy = 'its owners' | 'the policy' | 'failed restarts' | 'its own state';

/** What a rule or a limit has found about one workload. Without `until` it waits for something other than time. */
export interface Finding {
  readonly detail: string;
  readonly until?: number;
  /** Of a halt: whether it holds the workload's namespace or the whole run. */
  readonly of?: 'namespace' | 'run';
  /** Who keeps the workload back, where that is so of this finding and not of all that its rule has. */
  readonly heldBy?: HeldBy;
  /** Of a rule whose `holdsNoWave` is `some`: whether it is one of these. */
  readonly holdsNoWave?: true;
}

/** Why an outdated workload is not restarted now. */
export interface Wait<Code extends string = string> extends Omit<Finding, 'detail' | 'holdsNoWave'> {
  readonly reason: Reason<Code>;
}

/** Whether two waits are for the same, in the same words. */
export const isSameWait = (one: Wait, other: Wait): boolean =>
  one.reason.code === other.reason.code &&
  one.reason.detail === other.reason.detail &&
  one.until === other.until &&
  one.of === other.of &&
  one.heldBy === other.heldBy;

/** What was found, with the code of what found it. */
export const waitFor = <Code extends string>(
  { code }: WaitReason<Code>,
  { detail, holdsNoWave: _, ...rest }: Finding,
): Wait<Code> => ({
  reason: reason(code, detail),
  ...rest,
});
