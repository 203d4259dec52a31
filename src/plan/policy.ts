import type { DriftRules } from '../compare/drift.ts';
import type { Filter } from '../expect/filter.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { KindPolicy } from '../kinds/kindPolicy.ts';
import type { LabelSelector, WorkloadKind } from '../model.ts';
import type { GateCode } from './gates/gates.ts';
import type { MetricGate } from './metricGate.ts';
import type { Receiver } from './receiver.ts';
import type { Wave } from './wave.ts';
import type { Freeze } from './windows/freeze.ts';
import type { Urgent } from './windows/urgent.ts';
import type { Window } from './windows/window.ts';

export const PDB_CHOICES = ['respect', 'ignore'] as const;
export const RECREATE_CHOICES = ['restart', 'hold'] as const;
export const DO_NOT_DISRUPT_CHOICES = ['ignore', 'hold'] as const;

/** The user's policy. Times are in milliseconds. */
export interface Policy extends DriftRules, KindPolicy {
  /** Why no restart may begin; absent when the policy does not pause. A pause on the Lease holds as well. */
  readonly paused?: string;
  readonly maxInFlight: number;
  readonly maxInFlightPerNamespace: number;
  /** Restarts within any minute; 0 is no limit. */
  readonly maxRestartsPerMinute: number;
  /** Whether a rollout that takes pods away waits until the PodDisruptionBudgets that cover them allow it. */
  readonly pdb: (typeof PDB_CHOICES)[number];
  /** Whether a rollout that leaves no pod for a while is made at all. */
  readonly recreate: (typeof RECREATE_CHOICES)[number];
  /** What to do where a pod asks that node autoscalers do not disrupt it. */
  readonly doNotDisrupt: (typeof DO_NOT_DISRUPT_CHOICES)[number];
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
  /** Gates that are ignored. */
  readonly ignoreGate: ReadonlySet<GateCode>;
  /** The kinds of workloads that are looked at. */
  readonly kinds: ReadonlySet<WorkloadKind>;
  /** Namespaces in which nothing is restarted. */
  readonly skipNamespaces: ReadonlySet<string>;
  /** Whether only workloads with the annotation `"true"` are restarted. */
  readonly optIn: boolean;
  /** The sidecars that are kept up to date; Istio's proxy alone if absent. */
  readonly sources?: readonly SidecarSource[];
  /** At least one of these must match. If the list is empty, all workloads match. */
  readonly include: readonly Filter[];
  /** None of these may match. They win over all other settings. */
  readonly exclude: readonly Filter[];
  /** The simple cases, which narrow what the filters leave: patterns of names, selectors over pod template labels. */
  readonly includeNamespaces: readonly string[];
  readonly excludeNamespaces: readonly string[];
  readonly includeLabels: LabelSelector | undefined;
  readonly excludeLabels: LabelSelector | undefined;
  /** In their order; without any, every workload is in one wave. */
  readonly waves?: readonly Wave[];
  readonly metricGates?: readonly MetricGate[];
  /** Who is told of runs. */
  readonly notify?: readonly Receiver[];
  /** If any of them matches a workload, its restart begins only inside one that does. */
  readonly windows?: readonly Window[];
  readonly freezes?: readonly Freeze[];
  /** What ignores windows and freezes. */
  readonly urgent?: readonly Urgent[];
}
