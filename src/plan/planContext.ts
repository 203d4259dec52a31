import type { Injection } from '../expect/mesh.ts';
import type { WorkloadKey } from '../model.ts';
import type { JournalEntries } from './journalEntry.ts';
import type { MetricGateStates } from './metricGate.ts';
import type { Policy } from './policy.ts';
import type { AllRunNotes } from './runNotes.ts';

/** The input of a plan besides the workloads. */
export interface PlanContext {
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
