import { areSame } from '../areSame.ts';
import type { Answer } from '../expect/answer.ts';
import type { Injectors } from '../expect/injectors.ts';
import type { Answered } from '../plan/assess.ts';
import type { Observed } from './observed.ts';

/** An observation with its answers, and the questions that they were given to. */
export interface WithQuestions {
  readonly answered: Answered;
  /** The keys of the questions with the answers; undefined if one of them has to be asked again. */
  readonly questions?: readonly (readonly [key: string, answer: Answer])[];
}

/**
 * The answered observations of the last evaluation. One is the same again as long as the observation is, and injectors keep the same answers
 * to its questions. So most of a large cluster is not matched again, and evaluations see that nothing of it has changed.
 */
export class AnsweredBefore {
  readonly #injectors: Pick<Injectors, 'keptAnswer' | 'keptVersion'>;
  #basis: readonly unknown[] = [];
  #version: number | undefined;
  #observed: readonly Observed[] = [];
  #all: readonly WithQuestions[] = [];

  constructor(injectors: Pick<Injectors, 'keptAnswer' | 'keptVersion'>) {
    this.#injectors = injectors;
  }

  /** @param basis what matches and questions rest on besides the observations */
  begin(basis: readonly unknown[]): void {
    if (areSame(basis, this.#basis)) return;
    this.#basis = basis;
    this.#observed = [];
  }

  /** The answered observation, if it stands in the same place and is still valid. */
  of(place: number, observed: Observed): WithQuestions | undefined {
    if (this.#observed[place] !== observed) return undefined;
    const known = this.#all[place];
    return known?.questions && this.#holds(known.questions) ? known : undefined;
  }

  #holds(questions: NonNullable<WithQuestions['questions']>): boolean {
    const { keptVersion } = this.#injectors;
    return (
      keptVersion === this.#version || questions.every(([key, answer]) => this.#injectors.keptAnswer(key) === answer)
    );
  }

  /** @param version of the kept answers before the first of these was asked for */
  end(observed: readonly Observed[], all: readonly WithQuestions[], version: number): void {
    this.#observed = observed;
    this.#all = all;
    this.#version = version;
  }
}
