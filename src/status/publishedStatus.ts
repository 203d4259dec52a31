import type { Journal } from '../journal/journal.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { statusOf } from './statusOf.ts';
import { statusText } from './statusText.ts';

export interface PublishedStatusOptions {
  readonly journal: Pick<Journal, 'entries' | 'notes'>;
  /** Steady clock, milliseconds. */
  readonly now: () => number;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/** The least time between two texts, in milliseconds. The journal is often written more often, and a text of many workloads costs a little. */
const PACE = 1500;

/** The last evaluation as text. It is made when the Lease is written anyway, and not at each evaluation. */
export class PublishedStatus {
  readonly #options: PublishedStatusOptions;
  #last: { readonly evaluation: Evaluation; readonly wall: number } | undefined;
  #isNew = false;
  #madeAt = Number.NEGATIVE_INFINITY;
  #text: string | undefined;

  constructor(options: PublishedStatusOptions) {
    this.#options = options;
  }

  evaluated(evaluation: Evaluation): void {
    this.#last = { evaluation, wall: this.#options.wall() };
    this.#isNew = true;
  }

  /** Forgets the last evaluation. */
  clear(): void {
    this.#last = undefined;
    this.#text = undefined;
    this.#isNew = false;
    this.#madeAt = Number.NEGATIVE_INFINITY;
  }

  /** What the last evaluation says; undefined while there is none. */
  text(): string | undefined {
    const { journal, now } = this.#options;
    if (!this.#last || !this.#isNew || now() < this.#madeAt + PACE) return this.#text;
    this.#isNew = false;
    this.#madeAt = now();
    const { evaluation, wall } = this.#last;
    this.#text = statusText(statusOf(evaluation, { wall, entries: journal.entries, notes: journal.notes }));
    return this.#text;
  }
}
