import type { Cluster } from '../cluster/cluster.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Journal } from '../journal/journal.ts';
import type { Workload, WorkloadRef } from '../model.ts';
import type { Observer } from '../observe/observer.ts';
import type { Assessed } from '../plan/assessed.ts';
import type { Outcome } from '../plan/outcomes.ts';
import type { RuleContext } from '../plan/rule.ts';

/** What a restarter tells while it works; the report turns each into log, metric and Event. */
export interface RestartListener {
  /** A restart is being written. */
  sending(ref: WorkloadRef): void;
  restarted(assessed: Assessed, written: Workload): void;
  ended(assessed: Assessed, outcome: Outcome, detail: string): void;
  /** The cluster's admission refuses the record on this workload; the restart is made without it. */
  recordRefused(assessed: Assessed, why: string): void;
  /** A restart has shown how the cluster rewrites the injector's images, in words. */
  learnt(assessed: Assessed, words: string): void;
  trouble(ref: WorkloadRef, error: unknown): void;
}

export interface RestarterOptions {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly journal: Journal;
  /** The mesh as it is at the moment of the call, not as it was when the plan was made. */
  readonly mesh: () => Mesh;
  readonly ruleContext: () => RuleContext;
  readonly listener: RestartListener;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}
