import { backOff } from '../backOff.ts';
import { forgetOldest } from '../forgetOldest.ts';
import { ConcurrencyLimit } from './concurrencyLimit.ts';
import type { InjectorConnection } from './injectorConnection.ts';
import { type Question, questionKey } from './question.ts';
import { TurnedAway } from './witnesses.ts';

/** More questions at a time bring nothing from a two-core istiod and crowd out the API server's own calls. */
const QUESTIONS_AT_A_TIME = 4;
/** The number of concurrent questions that check whether an injector answers at all. */
export const WITNESSES_AT_A_TIME = 3;
const RETRY = { first: 1000, longest: 30_000 };

/** The connections to one injector, the questions that wait for them, and whether it answers. */
export class InjectorLine {
  readonly net: InjectorConnection;
  /** For questions out of turn, so that they do not wait for others that may hang. */
  readonly aside: InjectorConnection;
  /** Waiting here and not in the agent, so that after a failure those who wait end at once instead of failing one by one. */
  readonly turns = new ConcurrencyLimit(QUESTIONS_AT_A_TIME);
  /** Questions that wait for their turn, or for the end of a trial. */
  readonly waiting = new Set<Question>();
  /** Questions that were answered last, by their keys; the oldest first. */
  readonly answered = new Map<string, Question>();
  /** Questions that were not put, because the injector is known not to answer. */
  readonly turnedAway = new TurnedAway();
  /** It is being tried again in the background. */
  trying = false;
  /** A question that failed alone is being put again in the background. */
  retrying = false;
  /** Runs while it is found out whether the injector answers any question. */
  trial: Promise<void> | undefined;
  #answers = 0;
  #failures = 0;
  #retryAt = 0;
  #problem = '';

  /** @param connect opens so many connections */
  constructor(connect: (connections: number) => InjectorConnection) {
    this.net = connect(QUESTIONS_AT_A_TIME);
    this.aside = connect(WITNESSES_AT_A_TIME);
  }

  /** How many answers it has given. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Until then no question is put; milliseconds, 0 while it answers. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** Why it does not answer, as long as it does not. */
  get problem(): string {
    return this.#problem;
  }

  reached(asked: Question): void {
    this.#answers += 1;
    this.#failures = 0;
    this.#retryAt = 0;
    this.turnedAway.clear();
    const key = questionKey(asked);
    this.answered.delete(key);
    this.answered.set(key, asked);
    forgetOldest(this.answered, WITNESSES_AT_A_TIME);
  }

  /** Questions that were under way together fail together: they count as one failure. */
  failed(asked: Question, problem: string, now: number): void {
    this.turnedAway.doubt(questionKey(asked), asked);
    if (this.#retryAt > now) return;
    this.#problem = problem;
    this.#failures += 1;
    this.#retryAt = now + backOff(this.#failures, RETRY);
  }

  /** Ends the connections; what is under way is answered first. */
  async close(): Promise<void> {
    await Promise.all([this.net.close(), this.aside.close()]);
  }

  /** Ends the connections and what is under way on them. */
  async destroy(): Promise<void> {
    await Promise.all([this.net.destroy(), this.aside.destroy()]);
  }
}
