import type { Injection } from '../expect/mesh.ts';
import type { WorkloadKey } from '../model.ts';
import type { Outdated } from './assessed.ts';
import type { History } from './history.ts';
import type { JournalEntries } from './journalEntry.ts';
import type { MetricGateStates } from './metricGate.ts';
import type { Policy } from './policy.ts';
import type { RolloutGroups } from './rolloutGroups.ts';
import type { AllRunNotes } from './runNotes.ts';
import type { Finding, WaitReason } from './wait.ts';
import type { Waves } from './waves.ts';

/** When what began in the past ends, if that is to come: Infinity if it is over, or nothing of the kind is known. */
export const endOf = (until: number | undefined, now: number): number =>
  until !== undefined && until > now ? until : Number.POSITIVE_INFINITY;

/** The input of the rules besides the workload itself. */
export interface RuleContext {
  /** Milliseconds of a steady clock: what this process itself has begun is measured by it. */
  readonly now: number;
  /** Milliseconds of the wall clock, for times that others wrote. */
  readonly wall: number;
  readonly policy: Policy;
  /** When each epoch was first seen by this process. */
  readonly epochSeenAt: ReadonlyMap<string, number>;
  /** Since when the pods of workloads are orphaned, by the steady clock; absent where nothing is restarted. */
  readonly orphanedSince?: ReadonlyMap<WorkloadKey, number>;
  /** Since when the injector's answers for workloads contradict their last restart, in the same way. */
  readonly contradictedSince?: ReadonlyMap<WorkloadKey, number>;
  /** Why an injection's answers are not confirmed yet (gate G3). */
  readonly unconfirmed: (injection: Injection) => string | undefined;
  /** What of the mesh cannot be watched now, in words; undefined when all is well. */
  readonly stale: string | undefined;
  /** Workloads whose last attempt met an error. */
  readonly retryAt: ReadonlyMap<WorkloadKey, { readonly until: number; readonly problem: string }>;
  /** The user's reason for the pause of Meltemi; undefined if it is not paused. */
  readonly paused: string | undefined;
  /** What is remembered of each run besides its restarts. */
  readonly notes: AllRunNotes;
  /** What the metric gates last answered. */
  readonly metricGates: MetricGateStates;
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

/** The input of a plan besides the workloads. */
export interface PlanContext extends Omit<RuleContext, 'history' | 'rolloutGroups' | 'waves'> {
  /** What Meltemi itself has written down of its restarts. */
  readonly journal: JournalEntries;
  /** Workloads that this process works on now: nothing else is begun with them. */
  readonly busy: ReadonlySet<WorkloadKey>;
  /** Those of them whose restart is about to be written. */
  readonly starting: ReadonlySet<WorkloadKey>;
  /** When a person last asked to go on after a halt; milliseconds. */
  readonly resumedAt?: number | undefined;
  /** What of the cluster has not been read, in words; absent if nothing. No wave is done before that. */
  readonly unseen?: string | undefined;
  /** The only namespaces that this installation manages; absent if it manages all. */
  readonly managedNamespaces?: ReadonlySet<string> | undefined;
  /** The workload that this process runs in, if it does. */
  readonly own?: WorkloadKey | undefined;
}
