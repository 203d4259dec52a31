import type { Journal } from '../journal/journal.ts';
import { inSlices } from '../loopSlices.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { Policy } from '../plan/policy.ts';
import { statusStepwise } from './statusOf.ts';
import { statusText } from './statusText.ts';

export interface PublishedStatusOptions {
  readonly journal: Pick<Journal, 'snapshot' | 'notes'>;
  readonly policy: () => Pick<Policy, 'paused'>;
  /** Steady clock, milliseconds. */
  readonly now: () => number;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** No text could be made. Nothing depends on it, so the one before stays. */
  readonly onError: (error: unknown) => void;
}

interface Told {
  readonly evaluation: Evaluation;
  readonly wall: number;
}

/** The least time between two texts, in milliseconds. The journal is often written more often, and a text of many workloads costs. */
const PACE = 1500;

/** The last evaluation as text, made beside other work. The Lease takes it along when it is written anyway. */
export class PublishedStatus {
  readonly #options: PublishedStatusOptions;
  /** The last evaluation, as long as no text is made of it. */
  #next: Told | undefined;
  #isMaking = false;
  #madeAt = Number.NEGATIVE_INFINITY;
  #text: string | undefined;
  /** Counts the terms: a text of an earlier one comes to nothing. */
  #term = 0;

  constructor(options: PublishedStatusOptions) {
    this.#options = options;
  }

  evaluated(evaluation: Evaluation): void {
    this.#next = { evaluation, wall: this.#options.wall() };
    this.#makeIfDue();
  }

  /** Forgets the last evaluation. */
  clear(): void {
    this.#term += 1;
    this.#next = undefined;
    this.#text = undefined;
    this.#madeAt = Number.NEGATIVE_INFINITY;
  }

  /** What the last evaluation says, or the one before while the text is made; undefined if there is none. */
  text(): string | undefined {
    this.#makeIfDue();
    return this.#text;
  }

  #makeIfDue(): void {
    const { now, onError } = this.#options;
    if (!this.#next || this.#isMaking || now() < this.#madeAt + PACE) return;
    const told = this.#next;
    this.#next = undefined;
    this.#madeAt = now();
    this.#isMaking = true;
    void this.#make(told)
      .catch(onError)
      .finally(() => {
        this.#isMaking = false;
      });
  }

  async #make({ evaluation, wall }: Told): Promise<void> {
    const { journal, policy } = this.#options;
    const term = this.#term;
    const { length } = evaluation.items;
    const known = { wall, entries: journal.snapshot(), notes: new Map(journal.notes), paused: policy().paused };
    const document = await inSlices(statusStepwise(evaluation, known), length);
    if (term === this.#term) this.#text = statusText(document);
  }
}
