import type { Verdict } from '../compare/verdict.ts';
import type { Injection } from '../expect/mesh.ts';
import type { NamespaceFacts, Workload } from '../model.ts';

/** A workload with its verdict and the injection that the verdict rests on, where one entry matched. */
export interface Judged {
  readonly workload: Workload;
  readonly namespace: NamespaceFacts;
  readonly verdict: Verdict;
  readonly injection?: Injection;
}

/** Judged workloads whose verdict is `outdated`: only these can be restarted. */
export type Outdated = Judged & {
  readonly verdict: Extract<Verdict, { state: 'outdated' }>;
  readonly injection: Injection;
};

export const isOutdated = (judged: Judged): judged is Outdated =>
  judged.verdict.state === 'outdated' && judged.injection !== undefined;
