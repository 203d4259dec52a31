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
  #answered: readonly Answered[] = [];
  /** How injectors keep the answers, in the same places. */
  #kept: readonly WithAnswers['kept'][] = [];
  #drops = 0;

  /** @param basis what matches and questions rest on besides the observations */
  begin(basis: readonly unknown[]): void {
    if (areSame(basis, this.#basis)) return;
    this.#basis = basis;
    this.#observed = [];
  }

  /**
   * The places of those observations that are other ones than before, or whose answers are no longer valid.
   * @param drops how many kept answers are gone
   */
  missing(observations: readonly Observed[], drops: number): number[] {
    const [before, kept] = [this.#observed, this.#kept];
    const areKept = drops === this.#drops;
    const places: number[] = [];
    for (let place = 0; place < observations.length; place++) {
      const known = before[place] === observations[place] ? kept[place] : undefined;
      if (!known || !(areKept || known.every(({ isGone }) => !isGone))) places.push(place);
    }
    return places;
  }

  /**
   * The same observations with their answers, as a list that does not change.
   * @param again those that were missing, by place
   * @param drops how many kept answers were gone before the first of them was asked for
   */
  completed(
    observed: readonly Observed[],
    again: ReadonlyMap<number, WithAnswers>,
    drops: number,
  ): readonly Answered[] {
    const answered = this.#answered.slice(0, observed.length);
    const kept = this.#kept.slice(0, observed.length);
    for (const [place, one] of again) {
      answered[place] = one.answered;
      kept[place] = one.kept;
    }
    this.#observed = observed;
    this.#answered = answered;
    this.#kept = kept;
    this.#drops = drops;
    return answered;
  }
}
