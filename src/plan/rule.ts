import type { Outdated } from './assessed.ts';
import type { History } from './history.ts';
import type { PlanContext } from './planContext.ts';
import type { RolloutGroups } from './rolloutGroups.ts';
import type { Finding, WaitReason } from './wait.ts';
import type { Waves } from './waves.ts';

/** When what began in the past ends, if that is to come: Infinity if it is over, or nothing of the kind is known. */
export const endOf = (until: number | undefined, now: number): number =>
  until !== undefined && until > now ? until : Number.POSITIVE_INFINITY;

/** The input of the rules besides the workload itself. */
export interface RuleContext
  extends Omit<PlanContext, 'journal' | 'busy' | 'starting' | 'resumedAt' | 'unseen' | 'own'> {
  /** How far the waves of each run are; absent where nothing is restarted. */
  readonly waves?: Pick<Waves, 'of' | 'ofRun'>;
  readonly history: History;
  readonly rolloutGroups: RolloutGroups;
}

/** One reason to wait, and when it applies. Pure; it sees one workload. */
export interface Rule<Code extends string = string> extends WaitReason<Code> {
  /** It also keeps back the next pod of a restart by evictions that is under way. */
  readonly betweenPods?: true;
  /**
   * Its wave is done without what waits for this: its owners hold it, or no waiting ends it. `some`: only for findings that say so
   * themselves.
   */
  readonly holdsNoWave?: true | 'some';
  /**
   * What it finds changes by time, or by the course of a run, although the workload, the mesh and the policy stay the same. The estimate of
   * the end asks it again and again, and the others once.
   */
  readonly changes?: true;
  /**
   * Of a rule with `changes`: until when it finds the same, by the steady clock, although time passes; Infinity if time alone changes
   * nothing. Without it, every evaluation asks the rule about every workload. Whatever else it looks at, a change of that asks it again.
   */
  staysUntil?(assessed: Outdated, context: RuleContext): number;
  check(assessed: Outdated, context: RuleContext): Finding | undefined;
}
