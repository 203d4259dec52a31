import { backOff } from '../backOff.ts';
import { forgetOldest } from '../forgetOldest.ts';
import { type Answer, sameAnswer } from './answer.ts';
import { isBad } from './question.ts';

const ANSWER_AGE = 60 * 60 * 1000;
const REFUSAL_AGE = 60_000;
/**
 * How long after a change of an injector its old replicas may still answer, and how long an answer from then is kept. How long ago a change
 * was is not known when an epoch is first asked about: this process may have begun just then.
 */
const UNSETTLED = 5 * 60_000;
/** The back-off for a question that fails alone. A changed template is a different question. */
const RETRY_ALONE = { first: 1000, longest: 5 * 60_000 };
/** Five times the workloads of the largest clusters. Beyond this, the oldest answers are dropped. */
const MOST_ANSWERS = 100_000;

/** An answer as it is kept. */
export interface KeptAnswer {
  readonly answer: Answer;
  until: number;
  /** Another answer has taken its place, or it was dropped. What is too old is gone with the next `prune`. */
  isGone: boolean;
}

/** A question that failed alone, while its injector answered others. */
interface Trouble {
  readonly answer: Answer;
  readonly failures: number;
  readonly retryAt: number;
}

/**
 * Answers by the keys of their questions, which begin with their epochs: good ones for an hour, or five minutes while an injector or its
 * epoch is new, refusals for a minute, bad ones with back-off.
 */
export class KeptAnswers {
  readonly #now: () => number;
  readonly #answers = new Map<string, KeptAnswer>();
  /** Those among them that are refusals. */
  readonly #refusals = new Set<KeptAnswer>();
  readonly #troubles = new Map<string, Trouble>();
  #forgotten = 0;
  #drops = 0;
  #settledAt = Number.NEGATIVE_INFINITY;
  /** From when on the answers of each epoch are kept for long. */
  readonly #epochsSettleAt = new Map<string, number>();
  /** Before then, nothing is too old. */
  #pruneAt = Number.POSITIVE_INFINITY;

  /** @param now milliseconds of a monotonic clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The number of times that answers were dropped. An answer to a question that was asked before then is not kept. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** How many kept answers are gone, or will be earlier. As long as it is the same number, all are kept that were. */
  get drops(): number {
    return this.#drops;
  }

  /** The answer, if it is still valid. */
  of(key: string): Answer | undefined {
    return this.kept(key)?.answer;
  }

  /** The same as it is kept, so that its end can be seen. */
  kept(key: string): KeptAnswer | undefined {
    const kept = this.#answers.get(key);
    return kept && kept.until > this.#now() ? kept : undefined;
  }

  /** The bad answer to a question that failed alone, and whether it may be asked again. */
  trouble(key: string): { readonly answer: Answer; readonly isDue: boolean } | undefined {
    const trouble = this.#troubles.get(key);
    return trouble && { answer: trouble.answer, isDue: trouble.retryAt <= this.#now() };
  }

  keep(key: string, answer: Answer): void {
    const now = this.#now();
    const age = now < Math.max(this.#settledAt, this.#settlesAt(epochOf(key))) ? UNSETTLED : ANSWER_AGE;
    const until = now + (answer.kind === 'unknown' ? REFUSAL_AGE : age);
    this.#pruneAt = Math.min(this.#pruneAt, until);
    const before = this.#answers.get(key);
    if (before && sameAnswer(before.answer, answer)) {
      this.#troubles.delete(key);
      // the same object, so that nothing that rests on it is made again
      if (until < before.until) this.#drops += 1;
      before.until = until;
      this.#answers.delete(key);
      this.#answers.set(key, before);
      return;
    }
    this.#drop(key);
    if (isBad(answer)) {
      this.failedAlone(key, answer);
      return;
    }
    this.#troubles.delete(key);
    const kept = { answer, until, isGone: false };
    this.#answers.set(key, kept);
    if (answer.kind === 'unknown') this.#refusals.add(kept);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MOST_ANSWERS) return;
      this.#drop(oldest);
    }
  }

  #settlesAt(epoch: string): number {
    const at = this.#epochsSettleAt.get(epoch) ?? this.#now() + UNSETTLED;
    this.#epochsSettleAt.set(epoch, at);
    return at;
  }

  #drop(key: string): void {
    const kept = this.#answers.get(key);
    if (!kept) return;
    kept.isGone = true;
    this.#drops += 1;
    this.#answers.delete(key);
    this.#refusals.delete(kept);
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
    return [...alone, ...[...this.#refusals].map(({ until }) => until)];
  }

  /**
   * An injector has changed its answers, and no object in the cluster shows how far its replicas are. The next answers may be of an old
   * one, so they are not kept for long.
   */
  unsettle(): void {
    this.#settledAt = this.#now() + UNSETTLED;
  }

  /** Drops the answers whose keys begin with this, including those on their way. */
  forget(beginning: string): void {
    this.#forgotten += 1;
    this.#dropWhere((key) => key.startsWith(beginning));
  }

  /** Drops the answers of all other epochs. */
  keepOnly(epochs: ReadonlySet<string>): void {
    this.#dropWhere((key) => !epochs.has(epochOf(key)));
    for (const epoch of this.#epochsSettleAt.keys()) if (!epochs.has(epoch)) this.#epochsSettleAt.delete(epoch);
  }

  #dropWhere(isMeant: (key: string) => boolean): void {
    for (const key of this.#answers.keys()) if (isMeant(key)) this.#drop(key);
    for (const key of this.#troubles.keys()) if (isMeant(key)) this.#troubles.delete(key);
  }

  /** Drops answers that are too old, and failures that were not asked about for an hour. */
  prune(): void {
    const now = this.#now();
    for (const [key, { retryAt }] of this.#troubles) if (retryAt + ANSWER_AGE <= now) this.#troubles.delete(key);
    if (now < this.#pruneAt) return;
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { until }] of this.#answers) {
      if (until <= now) this.#drop(key);
      else next = Math.min(next, until);
    }
    this.#pruneAt = next;
  }
}

const epochOf = (key: string): string => key.slice(0, key.indexOf('/'));
