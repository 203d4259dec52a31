import type { Verdict } from '../compare/verdict.ts';
import type { Match } from '../expect/match.ts';
import type { Injection } from '../expect/mesh.ts';
import type { NamespaceFacts } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { JournalEntry } from './journalEntry.ts';

/** What was observed of a workload, with its verdict and what that rests on. */
export interface Assessed extends Observed {
  readonly namespace: NamespaceFacts;
  /** Which injection the API server would call for its next pod, by the mesh of this evaluation. */
  readonly match: Match<Injection>;
  readonly verdict: Verdict;
  /** The injection where exactly one entry matches. */
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
