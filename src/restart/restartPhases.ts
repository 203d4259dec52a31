import type { WorkloadRef } from '../model.ts';
import type { Outdated } from '../plan/assessed.ts';
import type { Outcome } from '../plan/outcomes.ts';

/**
 * What a restart is doing: recording itself in the journal, reading the workload and asking the injector again, sending its patch, or
 * following the rollout.
 */
export type RestartPhase = 'journal' | 'question' | 'write' | 'follow';

/** Is told how far each restart is that this process begins. Those of an earlier leader are only followed, and not told. */
export interface RestartPhases {
  begun(planned: Outdated): void;
  /** The restart has left the phase before, too. A write that another client has overtaken begins again. */
  entered(ref: WorkloadRef, phase: RestartPhase): void;
  ended(ref: WorkloadRef, outcome: Outcome, detail: string): void;
  /** This process does no more about it. @param error why it was not made */
  over(ref: WorkloadRef, error?: unknown): void;
}
