import type { PodGroup } from '../compare/podGroups.ts';
import type { Verdict } from '../compare/verdict.ts';
import type { Injection } from '../expect/mesh.ts';
import type { Budget, NamespaceFacts, Workload } from '../model.ts';
import type { JournalEntry } from './journalEntry.ts';

/** A workload with its verdict and the injection that the verdict rests on, where one entry matched. */
export interface Assessed {
  readonly workload: Workload;
  readonly namespace: NamespaceFacts;
  readonly verdict: Verdict;
  /** The pods that a rollout would replace. */
  readonly groups: readonly PodGroup[];
  /** Its pods on nodes that are not Ready. */
  readonly onLostNodes: number;
  /** The PodDisruptionBudgets that cover its pods. */
  readonly budgets: readonly Budget[];
  readonly injection?: Injection;
  /** What the journal knows of its last restart. */
  readonly entry?: JournalEntry;
  /** Its pods suggest that the cluster rewrites the images that the injector names, in a way that is not known yet. */
  readonly hinted?: boolean;
}

/** Assessed workloads whose verdict is `outdated`: only these can be restarted. */
export type Outdated = Assessed & {
  readonly verdict: Extract<Verdict, { state: 'outdated' }>;
  readonly injection: Injection;
};

/** Whether the verdict is `outdated`; the wanted sidecar and its injection are there then. */
export const isOutdated = (assessed: Assessed): assessed is Outdated =>
  assessed.verdict.state === 'outdated' && assessed.injection !== undefined;
