import type { PodGroup } from '../compare/podGroups.ts';
import type { Verdict } from '../compare/verdict.ts';
import type { Match } from '../expect/match.ts';
import type { Injection } from '../expect/mesh.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { NamespaceFacts, Workload } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { JournalEntry } from './journalEntry.ts';

/** The verdict on one sidecar of a workload, with what it rests on. */
export interface AssessedSidecar {
  /** Absent for Istio's proxy. */
  readonly source?: SidecarSource;
  /** Which injection decides the next pod, by the mesh of this evaluation. */
  readonly match: Match<Injection>;
  /** The pods that a rollout would replace, as the source sees them. */
  readonly groups: readonly PodGroup[];
  readonly verdict: Verdict;
  /** The injection where exactly one entry matches, or what stands for it where pods are to lose their sidecar, or have lost it. */
  readonly injection?: Injection;
  /**
   * The first restart must show what new pods get: the pods suggest that the cluster rewrites images in a way that is not known yet, or
   * the policy wants an image that no injector has named.
   */
  readonly hinted?: boolean;
  /** The verdict rests on the injector's answer to a like template. */
  readonly isShared?: boolean;
}

/** Puts the parts together, without keys for those that are absent. */
export const assessedSidecar = ({
  source,
  match,
  groups,
  verdict,
  injection,
  hinted,
  isShared,
}: {
  readonly [Part in keyof Required<AssessedSidecar>]: AssessedSidecar[Part];
}): AssessedSidecar => ({
  ...(source && { source }),
  match,
  groups,
  verdict,
  ...(injection && { injection }),
  ...(hinted && { hinted }),
  ...(isShared && { isShared }),
});

/** Whether a workload itself was ever read. If only pods name it as their owner, its labels and budgets are unknown. */
export const wasRead = ({ unsupported, resourceVersion }: Workload): boolean => !unsupported && resourceVersion !== '';

/** What was observed of a workload, with the verdict on its sidecar. If it has several, with the most urgent one. */
export interface Assessed extends Observed, AssessedSidecar {
  readonly groups: readonly PodGroup[];
  readonly namespace: NamespaceFacts;
  /** What the journal knows of its last restart. */
  readonly entry?: JournalEntry;
  /** Its other sidecars; absent if no other source is about it. */
  readonly others?: readonly AssessedSidecar[];
}

/** Assessed workloads whose verdict is `outdated`: only these can be restarted. */
export type Outdated = Assessed & {
  readonly verdict: Extract<Verdict, { state: 'outdated' }>;
  readonly injection: Injection;
};

/** Whether the verdict is `outdated`; the wanted sidecar and its injection are there then. */
export const isOutdated = (assessed: Assessed): assessed is Outdated =>
  assessed.verdict.state === 'outdated' && assessed.injection !== undefined;

/** The workload once for each of its sidecars, each time with the verdict on that sidecar in front. */
export function bySidecar(assessed: Assessed): readonly Assessed[] {
  const { others } = assessed;
  if (!others) return [assessed];
  const { source, match, groups, verdict, injection, hinted, isShared, ...workload } = assessed;
  const first = assessedSidecar({ source, match, groups, verdict, injection, hinted, isShared });
  const all = [first, ...others];
  return all.map((one) => ({ ...workload, ...one, others: all.filter((other) => other !== one) }));
}

/** The workload with the verdict on one sidecar in front; undefined if that source is not about it any more. */
export const ofSource = (assessed: Assessed, name: string | undefined): Assessed | undefined =>
  bySidecar(assessed).find(({ source }) => source?.name === name);
