import type { Cluster } from '../cluster/cluster.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Journal } from '../journal/journal.ts';
import type { Workload, WorkloadRef } from '../model.ts';
import type { Observer } from '../observe/observer.ts';
import type { Assessed } from '../plan/assessed.ts';
import type { Outcome } from '../plan/outcomes.ts';
import type { RuleContext } from '../plan/rule.ts';
import type { RestartPhases } from './restartPhases.ts';

/** Callbacks of a restarter. The report turns each call into a log line, a metric and an Event. */
export interface RestartListener {
  /** A restart is being written. */
  sending(ref: WorkloadRef): void;
  restarted(assessed: Assessed, written: Workload): void;
  /** A pod of a restart by evictions is evicted. */
  evicted(ref: WorkloadRef, pod: string): void;
  ended(assessed: Assessed, outcome: Outcome, detail: string): void;
  /** A restart has ended without a verdict, because its workload cannot be read. */
  lost(workload: WorkloadRef & { readonly uid: string }, outcome: Outcome, detail: string): void;
  /** Admission rejects the record on this workload. The restart is made without it. */
  recordRefused(assessed: Assessed, why: string): void;
  /** A restart has shown how the cluster rewrites the injector's images. The text describes it. */
  learnt(assessed: Assessed, words: string): void;
  trouble(ref: WorkloadRef, error: unknown): void;
}

export interface RestarterOptions {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly journal: Journal;
  /** The current mesh, not the mesh that the plan was made with. */
  readonly mesh: () => Mesh;
  /** What rules are checked with. It takes in the whole journal. */
  readonly ruleContext: () => RuleContext;
  /** The part of it that whoever follows a restart needs several times a second. */
  readonly moment: () => Pick<RuleContext, 'now' | 'policy' | 'unconfirmed'>;
  readonly listener: RestartListener;
  /** Where it is traced. */
  readonly phases?: RestartPhases;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}
