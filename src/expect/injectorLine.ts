import { backOff } from '../backOff.ts';
import { forgetOldest } from '../forgetOldest.ts';
import { ConcurrencyLimit } from './concurrencyLimit.ts';
import type { InjectorConnection } from './injectorConnection.ts';
import { type Question, questionKey } from './question.ts';
import { TurnedAway } from './witnesses.ts';

/** An istiod with two cores does not answer more questions any faster, and the API server's own calls must not be crowded out. */
const QUESTIONS_AT_A_TIME = 4;
/** The number of concurrent questions that check whether an injector answers at all. */
export const WITNESSES_AT_A_TIME = 3;
const RETRY = { first: 1000, longest: 30_000 };

/** The connections to one injector, the questions that wait for them, and whether it answers. */
export class InjectorLine {
  readonly net: InjectorConnection;
  /** For urgent questions, so that they do not wait behind others that may hang. */
  readonly aside: InjectorConnection;
  /** Questions wait here and not in the agent. So after a failure all of them end at once, instead of failing one by one. */
  readonly turns = new ConcurrencyLimit(QUESTIONS_AT_A_TIME);
  /** Number of questions that wait for their turn, or for the end of a trial. */
  readonly waiting = new Set<Question>();
  /** The questions that were answered last, by key, oldest first. */
  readonly answered = new Map<string, Question>();
  /** Questions that were not sent, because the injector is known not to answer. */
  readonly turnedAway = new TurnedAway();
  /** Whether a retry runs in the background. */
  trying = false;
  /** Whether the retry of a question that failed alone runs in the background. */
  retrying = false;
  /** Pending while Meltemi checks whether the injector answers any question. */
  trial: Promise<void> | undefined;
  #answers = 0;
  #failures = 0;
  #retryAt = 0;
  #problem = '';

  /** @param connect opens the given number of connections */
  constructor(connect: (connections: number) => InjectorConnection) {
    this.net = connect(QUESTIONS_AT_A_TIME);
    this.aside = connect(WITNESSES_AT_A_TIME);
  }

  /** The number of answers so far. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Until then no question is sent; milliseconds, 0 while the injector answers. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** Why the injector does not answer; undefined while it does. */
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

  /** Questions that were sent together fail together, so they count as one failure. */
  failed(asked: Question, problem: string, now: number): void {
    this.turnedAway.doubt(questionKey(asked), asked);
    if (this.#retryAt > now) return;
    this.#problem = problem;
    this.#failures += 1;
    this.#retryAt = now + backOff(this.#failures, RETRY);
  }

  /** Closes the connections after the pending questions are answered. */
  async close(): Promise<void> {
    await Promise.all([this.net.close(), this.aside.close()]);
  }

  /** Closes the connections and aborts the pending questions. */
  async destroy(): Promise<void> {
    await Promise.all([this.net.destroy(), this.aside.destroy()]);
  }
}
