import { backOff } from '../backOff.ts';
import { forgetOldest } from '../forgetOldest.ts';
import type { Answer } from './answer.ts';
import { isBad } from './question.ts';

const ANSWER_AGE = 60 * 60 * 1000;
const REFUSAL_AGE = 60_000;
/** The back-off for a question that fails alone. A changed template is a different question. */
const RETRY_ALONE = { first: 1000, longest: 5 * 60_000 };
/** Five times the workloads of the largest clusters. Beyond this, the oldest answers are dropped. */
const MOST_ANSWERS = 100_000;

interface Kept {
  readonly answer: Answer;
  readonly until: number;
}

/** A question that failed alone, while its injector answered others. */
interface Trouble {
  readonly answer: Answer;
  readonly failures: number;
  readonly retryAt: number;
}

/** Answers by the keys of their questions: good ones for an hour, refusals for a minute, bad ones with back-off. */
export class KeptAnswers {
  readonly #now: () => number;
  readonly #answers = new Map<string, Kept>();
  readonly #troubles = new Map<string, Trouble>();
  #forgotten = 0;
  #version = 0;

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The number of times that answers were dropped. An answer to a question that was asked before then is not kept. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Another number whenever an answer has come, changed or gone. Time alone takes none away before `prune`. */
  get version(): number {
    return this.#version;
  }

  /** The answer, if it is still valid. */
  of(key: string): Answer | undefined {
    const kept = this.#answers.get(key);
    return kept && kept.until > this.#now() ? kept.answer : undefined;
  }

  /** The bad answer to a question that failed alone, and whether it may be asked again. */
  trouble(key: string): { readonly answer: Answer; readonly isDue: boolean } | undefined {
    const trouble = this.#troubles.get(key);
    return trouble && { answer: trouble.answer, isDue: trouble.retryAt <= this.#now() };
  }

  keep(key: string, answer: Answer): void {
    const now = this.#now();
    this.#version += 1;
    this.#answers.delete(key);
    if (isBad(answer)) {
      this.failedAlone(key, answer);
      return;
    }
    this.#troubles.delete(key);
    this.#answers.set(key, { answer, until: now + (answer.kind === 'unknown' ? REFUSAL_AGE : ANSWER_AGE) });
    forgetOldest(this.#answers, MOST_ANSWERS);
  }

  /** Records another failure of a question whose injector answers others. */
  failedAlone(key: string, answer: Answer): void {
    const failures = (this.#troubles.get(key)?.failures ?? 0) + 1;
    this.#troubles.delete(key);
    this.#troubles.set(key, { answer, failures, retryAt: this.#now() + backOff(failures, RETRY_ALONE) });
    forgetOldest(this.#troubles, MOST_ANSWERS);
  }

  /** When refusals expire, and when questions that failed alone may be asked again. Unordered; times may be in the past. */
  retryTimes(): number[] {
    const alone = [...this.#troubles.values()].map(({ retryAt }) => retryAt);
    const refusals = [...this.#answers.values()].filter(({ answer }) => answer.kind === 'unknown');
    return [...alone, ...refusals.map(({ until }) => until)];
  }

  /** Drops the answers whose keys begin with this, including those on their way. */
  forget(beginning: string): void {
    this.#forgotten += 1;
    this.#version += 1;
    for (const kept of [this.#answers, this.#troubles])
      for (const key of kept.keys()) if (key.startsWith(beginning)) kept.delete(key);
  }

  /** Drops the answers of all other epochs. */
  keepOnly(epochs: ReadonlySet<string>): void {
    this.#version += 1;
    for (const kept of [this.#answers, this.#troubles])
      for (const key of kept.keys()) if (!epochs.has(key.slice(0, key.indexOf('/')))) kept.delete(key);
  }

  /** Drops answers that are too old, and failures that were not asked about for an hour. */
  prune(): void {
    const now = this.#now();
    for (const [key, { until }] of this.#answers) if (until <= now && this.#answers.delete(key)) this.#version += 1;
    for (const [key, { retryAt }] of this.#troubles) if (retryAt + ANSWER_AGE <= now) this.#troubles.delete(key);
  }
}
