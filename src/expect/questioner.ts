import { reason } from '../reasons.ts';
import type { Answer } from './answer.ts';
import { ConnectionFault, describe } from './connectionFault.ts';
import type { InjectorConnection } from './injectorConnection.ts';
import { type InjectorLine, WITNESSES_AT_A_TIME } from './injectorLine.ts';
import type { InjectorLines } from './injectorLines.ts';
import type { KeptAnswers } from './keptAnswers.ts';
import { type Question, type QuestionResult, questionKey, resultOf, unreachable } from './question.ts';
import type { WebhookEntry } from './webhookEntry.ts';
import { witnesses } from './witnesses.ts';

/**
 * The maximum number of rounds of other questions, if they fail at once. If they run into the time limit, this many rounds would take too
 * long.
 */
const ROUNDS = 4;

/** The result of asking a question once. */
type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'fault';
      readonly why: string;
      /** No connection, so no question can be asked. */
      readonly ofLine: boolean;
      readonly late: boolean;
      /** The number of answers on the line when this question was asked. */
      readonly answersBefore: number;
    };
type Fault = Extract<Outcome, { kind: 'fault' }>;

export interface QuestionerOptions {
  readonly lines: InjectorLines;
  readonly kept: KeptAnswers;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Replaces the network, for example in the simulation. Rejects when there is no answer. */
  readonly post: ((question: Question) => Promise<Answer>) | undefined;
  readonly onQuestion: ((result: QuestionResult, entry: WebhookEntry) => void) | undefined;
  /** Called with each answer that was cached, and the answer that was cached before, if any. */
  readonly onAnswer: (asked: Question, answer: Answer, before: Answer | undefined) => void;
}

/**
 * Asks questions, and decides whether a fault is the injector's or the question's own. Until that is known, the injector is asked other
 * questions first.
 */
export class Questioner {
  readonly #options: QuestionerOptions;
  /** The results of waiting questions that were asked out of turn. */
  readonly #outOfTurn = new WeakMap<Question, Promise<Outcome>>();

  constructor(options: QuestionerOptions) {
    this.#options = options;
  }

  /** A new answer, even if one is cached. It replaces the cached one. Never throws. */
  ask(asked: Question): Promise<Answer> {
    const line = this.#options.lines.of(asked.injection);
    line.waiting.add(asked);
    return line.turns.take(() => this.#askOver(line, asked), asked.namespace);
  }

  async #askOver(line: InjectorLine, asked: Question): Promise<Answer> {
    while (line.trial) await line.trial;
    line.waiting.delete(asked);
    const outOfTurn = this.#outOfTurn.get(asked);
    this.#outOfTurn.delete(asked);
    // the line was closed while this question waited for its turn
    if (!this.#options.lines.isOpen(line, asked.injection)) return this.ask(asked);
    if (!outOfTurn && line.retryAt > this.#options.now()) return unreachable(asked, line.problem);
    const outcome = await (outOfTurn ?? this.#put(line, line.net, asked));
    return outcome.kind === 'answer' ? outcome.answer : this.#settle(line, asked, outcome);
  }

  /** Asks a question once. An answer is cached; the cause of a fault is not decided here. */
  async #put(line: InjectorLine, net: InjectorConnection, asked: Question): Promise<Outcome> {
    const { kept, lines, onQuestion, onAnswer } = this.#options;
    const answersBefore = line.answers;
    const { forgotten } = kept;
    try {
      const answer = await this.post(net, asked);
      lines.reached(line, asked);
      onQuestion?.(resultOf(answer), asked.injection.entry);
      if (forgotten === kept.forgotten) {
        const before = kept.of(questionKey(asked));
        kept.keep(questionKey(asked), answer);
        onAnswer(asked, answer, before);
      }
      return { kind: 'answer', answer };
    } catch (error) {
      const late = (error as Error).name === 'TimeoutError';
      return { kind: 'fault', why: describe(error), ofLine: error instanceof ConnectionFault, late, answersBefore };
    }
  }

  /** Asks a question over a connection, and caches nothing. @throws what `InjectorConnection.post` throws */
  async post(net: InjectorConnection, asked: Question): Promise<Answer> {
    const { post } = this.#options;
    if (!post) return net.post(asked);
    try {
      return await post(asked);
    } catch (error) {
      throw new ConnectionFault(describe(error), { cause: error });
    }
  }

  async #settle(line: InjectorLine, asked: Question, fault: Fault): Promise<Answer> {
    const { lines, kept, now, onQuestion } = this.#options;
    if (!fault.ofLine && line.answers === fault.answersBefore && line.retryAt <= now()) {
      line.trial ??= this.#try(line, asked).finally(() => {
        line.trial = undefined;
      });
      await line.trial;
    }
    const answersOthers = !fault.ofLine && line.answers > fault.answersBefore;
    onQuestion?.(answersOthers ? 'bad-answer' : 'unreachable', asked.injection.entry);
    if (!answersOthers) {
      lines.failed(line, asked, fault.why, now());
      return unreachable(asked, fault.why);
    }
    const detail = `injector of ${asked.injection.entry.configuration}: ${fault.why}; it answers other questions`;
    const answer: Answer = { kind: 'unknown', reason: reason('bad-answer', detail) };
    kept.failedAlone(questionKey(asked), answer);
    return answer;
  }

  /** Asks other questions until one is answered or enough have failed. Meanwhile the line asks no other question. */
  async #try(line: InjectorLine, suspect: Question): Promise<void> {
    const { answers } = line;
    const tried = new Set([questionKey(suspect)]);
    for (let round = 0; round < ROUNDS && line.answers === answers; round++) {
      const pool = [...line.answered.values(), ...line.waiting].filter((one) => !this.#isSuspect(one, tried));
      const chosen = witnesses(pool, suspect.namespace, WITNESSES_AT_A_TIME);
      for (const one of chosen) tried.add(questionKey(one));
      const outcomes = chosen.map((one) => this.#putOutOfTurn(line, one));
      const faults = await untilAnswered(outcomes);
      if (faults.length === 0 || faults.some(({ ofLine, late }) => ofLine || late)) return;
    }
  }

  #isSuspect(asked: Question, tried: ReadonlySet<string>): boolean {
    const key = questionKey(asked);
    return tried.has(key) || this.#options.kept.trouble(key) !== undefined;
  }

  #putOutOfTurn(line: InjectorLine, asked: Question): Promise<Outcome> {
    const outcome = this.#put(line, line.aside, asked);
    if (line.waiting.has(asked)) this.#outOfTurn.set(asked, outcome);
    return outcome;
  }
}

/** Resolves without faults as soon as one is answered, or with all faults when none is. */
async function untilAnswered(outcomes: readonly Promise<Outcome>[]): Promise<Fault[]> {
  const faults: Fault[] = [];
  await Promise.any(
    outcomes.map(async (pending) => {
      const outcome = await pending;
      if (outcome.kind === 'answer') return;
      faults.push(outcome);
      throw new Error(outcome.why);
    }),
  ).then(
    () => faults.splice(0),
    () => undefined,
  );
  return faults;
}
