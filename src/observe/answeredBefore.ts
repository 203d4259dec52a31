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
  #all: readonly (WithAnswers | undefined)[] = [];
  #drops = 0;

  /** @param basis what matches and questions rest on besides the observations */
  begin(basis: readonly unknown[]): void {
    if (areSame(basis, this.#basis)) return;
    this.#basis = basis;
    this.#observed = [];
  }

  /**
   * For each of these observations, what was answered to it, if it stands in the same place and that is still valid.
   * @param drops how many kept answers are gone
   */
  of(observations: readonly Observed[], drops: number): readonly (WithAnswers | undefined)[] {
    const [before, all] = [this.#observed, this.#all];
    const areKept = drops === this.#drops;
    return observations.map((observed, place) => {
      const known = before[place] === observed ? all[place] : undefined;
      return known && (areKept || holds(known)) ? known : undefined;
    });
  }

  /**
   * @param all the same observations with their answers
   * @param again the places of those that were asked for now
   * @param drops how many kept answers were gone before the first of them was asked for
   */
  end(observed: readonly Observed[], all: readonly WithAnswers[], again: readonly number[], drops: number): void {
    const kept: (WithAnswers | undefined)[] = [...all];
    for (const place of again) if (!all[place]?.kept) kept[place] = undefined;
    this.#observed = observed;
    this.#all = kept;
    this.#drops = drops;
  }
}

const holds = ({ kept = [] }: WithAnswers): boolean => kept.every(({ isGone }) => !isGone);
