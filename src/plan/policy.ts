import type { DriftRules } from '../compare/drift.ts';
import type { LabelSelector } from '../model.ts';
import type { Filter } from './filter.ts';
import type { GateCode } from './gates/gates.ts';

export const PDB_CHOICES = ['respect', 'ignore'] as const;
export const RECREATE_CHOICES = ['restart', 'hold'] as const;

/** What the user allows. Times are milliseconds. */
export interface Policy extends DriftRules {
  readonly maxInFlight: number;
  readonly maxInFlightPerNamespace: number;
  /** Restarts within any minute; 0 is no limit. */
  readonly maxRestartsPerMinute: number;
  /** Whether a rollout that takes pods away waits until the PodDisruptionBudgets that cover them allow it. */
  readonly pdb: (typeof PDB_CHOICES)[number];
  /** Whether a rollout that leaves no pod for a while is made at all. */
  readonly recreate: (typeof RECREATE_CHOICES)[number];
  /** Least time between two writes. */
  readonly restartDelay: number;
  /** Least time between two restarts of one workload. */
  readonly annotationCooldown: number;
  /** Extra wait after an injector's content changed. */
  readonly istiodConfigReadDelay: number;
  readonly restartTimeout: number;
  /** Failures of one run that halt it. */
  readonly failureBudget: number;
  /** Failures in one namespace that halt that namespace. */
  readonly failureBudgetPerNamespace: number;
  readonly maxAttempts: number;
  /** Restarts of one workload within 24 hours that did not end well, before it waits. Those that ended well have a wider limit of 10. */
  readonly maxRestartsPerDay: number;
  /** Gates that are left open whatever they find. */
  readonly ignoreGate: ReadonlySet<GateCode>;
  /** Namespaces in which nothing is restarted. */
  readonly skipNamespaces: ReadonlySet<string>;
  /** Whether only what carries the annotation `"true"` is restarted. */
  readonly optIn: boolean;
  /** One of these must match, unless there is none. */
  readonly include: readonly Filter[];
  /** None of these may match, whatever else is said. */
  readonly exclude: readonly Filter[];
  /** The simple cases, which narrow what the filters leave: patterns of names, selectors over pod template labels. */
  readonly includeNamespaces: readonly string[];
  readonly excludeNamespaces: readonly string[];
  readonly includeLabels: LabelSelector | undefined;
  readonly excludeLabels: LabelSelector | undefined;
}
