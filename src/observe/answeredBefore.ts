import { areSame } from '../areSame.ts';
import type { KeptAnswer } from '../expect/keptAnswers.ts';
import type { Answered } from '../plan/assess.ts';
import type { Observed } from './observed.ts';

/** An observation with its answers, and how injectors keep them. */
export interface WithAnswers {
  readonly answered: Answered;
  /** Absent if one of them has to be asked for again. */
  readonly kept?: readonly KeptAnswer[];
}

/**
 * The answered observations of the last evaluation. One is the same again as long as the observation is, and its answers are kept. So most
 * of a large cluster is not matched again, and evaluations see that nothing of it has changed.
 */
export class AnsweredBefore {
  #basis: readonly unknown[] = [];
  #observed: readonly Observed[] = [];
  #all: readonly WithAnswers[] = [];

  /** @param basis what matches and questions rest on besides the observations */
  begin(basis: readonly unknown[]): void {
    if (areSame(basis, this.#basis)) return;
    this.#basis = basis;
    this.#observed = [];
  }

  /** For each of these observations, what was answered to it, if it stands in the same place and that is still valid. */
  of(observations: readonly Observed[]): readonly (WithAnswers | undefined)[] {
    const [before, all] = [this.#observed, this.#all];
    return observations.map((observed, place) => {
      const known = before[place] === observed ? all[place] : undefined;
      return known && holds(known) ? known : undefined;
    });
  }

  end(observed: readonly Observed[], all: readonly WithAnswers[]): void {
    this.#observed = observed;
    this.#all = all;
  }
}

function holds({ kept }: WithAnswers): boolean {
  if (!kept) return false;
  for (const { isGone } of kept) if (isGone) return false;
  return true;
}
