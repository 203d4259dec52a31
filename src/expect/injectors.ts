import type { Cluster } from '../cluster/cluster.ts';
import { forgetOldest } from '../forgetOldest.ts';
import type { PodTemplate } from '../model.ts';
import { reason } from '../reasons.ts';
import type { Answer } from './answer.ts';
import { AnswerReader } from './answerReader.ts';
import { AnswerSamples } from './answerSamples.ts';
import { ConcurrencyLimit } from './concurrencyLimit.ts';
import { ConnectionFault, describe, InjectorConnection } from './injectorConnection.ts';
import type { Injection } from './mesh.ts';
import type { WebhookEntry } from './webhookEntry.ts';
import { TurnedAway, witnesses } from './witnesses.ts';

/** One question: the template of a workload, and the hash under which its answer is kept. */
export interface Question {
  readonly injection: Injection;
  readonly namespace: string;
  readonly name: string;
  readonly template: PodTemplate;
  readonly templateHash: string;
}

export type QuestionResult = 'sidecar' | 'no-sidecar' | 'refused' | 'bad-answer' | 'unreachable';

export interface InjectorsOptions {
  readonly cluster: Pick<Cluster, 'service'>;
  /** Milliseconds; only differences count, so any clock that never runs backwards will do. */
  readonly now: () => number;
  /** Dialled instead of what the entry says, for a port-forward; the server name stays the entry's. */
  readonly address?: { readonly host: string; readonly port: number };
  /** For one question from dialling to the last byte of the answer, in milliseconds. */
  readonly timeLimit?: number;
  /** Asks without a network, where there is none; rejects when there is no answer. */
  readonly post?: (question: Question) => Promise<Answer>;
  readonly onQuestion?: (result: QuestionResult, entry: WebhookEntry) => void;
  /** Called when the injector of a configuration stops answering (with why) and when it answers again (undefined). */
  readonly onReachable?: (injection: Injection, problem: string | undefined) => void;
  /**
   * Called when an injector that does not answer, or a question that failed alone, has been tried again. With it the tries are made in the
   * background, so that one time limit does not hold up other workloads; without it callers wait for the try.
   */
  readonly onTried?: () => void;
  /** Called when an injector gives another answer to the same template: its kept answers are forgotten, and `generationOf` has grown. */
  readonly onAnswerChanged?: (injection: Injection) => void;
}

/** More questions at a time bring nothing from a two-core istiod and crowd out the API server's own calls. */
const QUESTIONS_AT_A_TIME = 4;
/** How many other questions are put at a time to find out whether an injector answers at all. */
const WITNESSES_AT_A_TIME = 3;
/** How often others are tried if they fail at once. With questions that run into the time limit, so many tries would take too long. */
const ROUNDS = 4;
/** The API server's own limit for a webhook is 10 s unless the entry says less. */
const TIME_LIMIT = 10_000;
const ANSWER_AGE = 60 * 60 * 1000;
const REFUSAL_AGE = 60_000;
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;
/** For a question that fails alone. With another template it is another question. */
const LAST_RETRY_ALONE = 5 * 60_000;
/** Five times the workloads of the largest clusters. With more, the oldest answers are asked for again. */
const MOST_ANSWERS = 100_000;
const RECHECKS_AT_A_TIME = 4;

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

/** What came of putting a question once. */
type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'fault';
      readonly why: string;
      /** No connection, so that no question can be put. */
      readonly ofLine: boolean;
      readonly late: boolean;
      /** How many answers the line had given when this question was put. */
      readonly answersBefore: number;
    };
type Fault = Extract<Outcome, { kind: 'fault' }>;

interface Line {
  readonly net: InjectorConnection;
  /** For questions out of turn, so that they do not wait for others that may hang. */
  readonly aside: InjectorConnection;
  /** Waiting here and not in the agent, so that after a failure those who wait are told at once instead of failing one by one. */
  readonly turns: ConcurrencyLimit;
  /** Questions that wait for their turn, or for the end of a trial. */
  readonly waiting: Set<Question>;
  /** Questions that were answered last, by their keys; the oldest first. */
  readonly answered: Map<string, Question>;
  /** Questions that were not put, because the injector is known not to answer. */
  readonly turnedAway: TurnedAway;
  answers: number;
  failures: number;
  retryAt: number;
  /** It is being tried again in the background. */
  trying: boolean;
  /** A question that failed alone is being put again in the background. */
  retrying: boolean;
  /** Runs while it is found out whether the injector answers anybody. */
  trial: Promise<void> | undefined;
  /** Why it does not answer, as long as it does not. */
  problem: string;
}

/**
 * Asks injectors what they would inject, as the API server would ask them. Answers are kept per (epoch, namespace, template) for an hour.
 *
 * There are two kinds of faults. An injector that cannot be connected to, or answers no question, is left alone with back-off; all questions to it
 * end as `injector-unreachable` meanwhile. A question that fails while others are answered is that workload's own fault: it alone ends as
 * `bad-answer`, and it has a back-off of its own. As long as the kind is open, other questions are put to the injector first.
 */
export class Injectors {
  readonly #options: InjectorsOptions;
  readonly #answers = new Map<string, Kept>();
  readonly #troubles = new Map<string, Trouble>();
  readonly #lines = new Map<string, Line>();
  readonly #asking = new Map<string, Promise<Answer>>();
  /** What became of waiting questions that were put out of turn. */
  readonly #outOfTurn = new WeakMap<Question, Promise<Outcome>>();
  readonly #samples = new AnswerSamples();
  readonly #rechecks = new ConcurrencyLimit(RECHECKS_AT_A_TIME);
  readonly #generations = new Map<string, number>();
  readonly #reader = new AnswerReader();
  readonly #writing = new ConcurrencyLimit(1);
  readonly #large = new ConcurrencyLimit(1);
  /** Configurations whose injector was said to be unreachable. */
  readonly #silent = new Set<string>();
  /** How often answers were forgotten: what was asked before then is not kept. */
  #forgotten = 0;

  constructor(options: InjectorsOptions) {
    this.#options = options;
  }

  /** The kept answer, or a new one; `unknown` where the injector does not answer, or not this question. Never throws. */
  ask(asked: Question): Promise<Answer> {
    const { now, onTried } = this.#options;
    const key = keyOf(asked);
    const kept = this.#answers.get(key);
    if (kept && kept.until > now()) return Promise.resolve(kept.answer);
    const trouble = this.#troubles.get(key);
    if (trouble && trouble.retryAt > now()) return Promise.resolve(trouble.answer);
    const line = this.#line(asked.injection);
    if (line.failures > 0 && onTried) {
      line.turnedAway.add(key, asked);
      this.#tryAgain(line, onTried);
      return Promise.resolve(unreachable(asked, line.problem));
    }
    if (!trouble || !onTried) return this.#askOnce(key, asked);
    this.#retry(line, key, asked, onTried);
    return Promise.resolve(trouble.answer);
  }

  /** A new answer, whatever is kept; it replaces the kept one. Never throws. */
  askAfresh(asked: Question): Promise<Answer> {
    const line = this.#line(asked.injection);
    line.waiting.add(asked);
    return line.turns.take(() => this.#askOver(line, asked), asked.namespace);
  }

  /** Those who ask the same at the same time share the answer. */
  #askOnce(key: string, asked: Question): Promise<Answer> {
    const asking = this.#asking.get(key);
    if (asking) return asking;
    const begun = this.askAfresh(asked).finally(() => {
      if (this.#asking.get(key) === begun) this.#asking.delete(key);
    });
    this.#asking.set(key, begun);
    return begun;
  }

  /** Tries an injector that did not answer, with another question than the last time, if there is one. */
  #tryAgain(line: Line, onTried: () => void): void {
    if (line.trying || line.retryAt > this.#options.now()) return;
    line.trying = true;
    void this.#tryAnother(line).finally(() => {
      line.trying = false;
      onTried();
    });
  }

  async #tryAnother(line: Line): Promise<void> {
    // an evaluation asks all its questions at once: the first one is not the only choice
    await Promise.resolve();
    const asked = line.turnedAway.choose([...line.answered.entries()]);
    if (asked) await this.askAfresh(asked);
  }

  /** Puts a question again that failed alone, one of a line at a time: however many there are, they leave turns to the others. */
  #retry(line: Line, key: string, asked: Question, onTried: () => void): void {
    if (line.retrying) return;
    line.retrying = true;
    void this.#askOnce(key, asked).finally(() => {
      line.retrying = false;
      onTried();
    });
  }

  async #askOver(line: Line, asked: Question): Promise<Answer> {
    while (line.trial) await line.trial;
    line.waiting.delete(asked);
    // closed while this waited for its turn
    if (!this.#isOpen(line, asked.injection)) return this.askAfresh(asked);
    const outOfTurn = this.#outOfTurn.get(asked);
    this.#outOfTurn.delete(asked);
    if (!outOfTurn && line.retryAt > this.#options.now()) return unreachable(asked, line.problem);
    const outcome = await (outOfTurn ?? this.#put(line, line.net, asked));
    return outcome.kind === 'answer' ? outcome.answer : this.#settle(line, asked, outcome);
  }

  /** Puts a question once. What answers it is kept; what a fault means is not decided here. */
  async #put(line: Line, net: InjectorConnection, asked: Question): Promise<Outcome> {
    const answersBefore = line.answers;
    const forgotten = this.#forgotten;
    try {
      const answer = await this.#post(net, asked);
      this.#reached(line, asked);
      this.#options.onQuestion?.(resultOf(answer), asked.injection.entry);
      if (forgotten === this.#forgotten) this.#keep(asked, answer);
      return { kind: 'answer', answer };
    } catch (error) {
      const late = (error as Error).name === 'TimeoutError';
      return { kind: 'fault', why: describe(error), ofLine: error instanceof ConnectionFault, late, answersBefore };
    }
  }

  /** Decides whether a fault is the injector's or the question's. */
  async #settle(line: Line, asked: Question, fault: Fault): Promise<Answer> {
    if (!fault.ofLine && line.answers === fault.answersBefore && line.retryAt <= this.#options.now()) {
      line.trial ??= this.#try(line, asked).finally(() => {
        line.trial = undefined;
      });
      await line.trial;
    }
    const answersOthers = !fault.ofLine && line.answers > fault.answersBefore;
    this.#options.onQuestion?.(answersOthers ? 'bad-answer' : 'unreachable', asked.injection.entry);
    if (!answersOthers) {
      this.#failed(line, asked, fault.why);
      return unreachable(asked, fault.why);
    }
    const detail = `injector of ${asked.injection.entry.configuration}: ${fault.why}; it answers others`;
    const answer: Answer = { kind: 'unknown', reason: reason('bad-answer', detail) };
    this.#trouble(keyOf(asked), answer);
    return answer;
  }

  /** Puts other questions until one is answered, or enough are not. No other is put meanwhile. */
  async #try(line: Line, suspect: Question): Promise<void> {
    const { answers } = line;
    const tried = new Set([keyOf(suspect)]);
    for (let round = 0; round < ROUNDS && line.answers === answers; round++) {
      const pool = [...line.answered.values(), ...line.waiting].filter((one) => !this.#isSuspect(one, tried));
      const chosen = witnesses(pool, suspect.namespace, WITNESSES_AT_A_TIME);
      for (const one of chosen) tried.add(keyOf(one));
      const outcomes = chosen.map((one) => this.#putOutOfTurn(line, one));
      const faults = await untilAnswered(outcomes);
      if (faults.length === 0 || faults.some(({ ofLine, late }) => ofLine || late)) return;
    }
  }

  #isSuspect(asked: Question, tried: ReadonlySet<string>): boolean {
    const key = keyOf(asked);
    return tried.has(key) || this.#troubles.has(key);
  }

  #putOutOfTurn(line: Line, asked: Question): Promise<Outcome> {
    const outcome = this.#put(line, line.aside, asked);
    if (line.waiting.has(asked)) this.#outOfTurn.set(asked, outcome);
    return outcome;
  }

  async #post(net: InjectorConnection, asked: Question): Promise<Answer> {
    if (!this.#options.post) return net.post(asked);
    try {
      return await this.#options.post(asked);
    } catch (error) {
      throw new ConnectionFault(describe(error), { cause: error });
    }
  }

  /** A new answer over a connection of its own. It is not kept. Never throws. */
  async probe(asked: Question): Promise<Answer> {
    const net = this.#connect(asked.injection.entry, 1);
    try {
      return await this.#post(net, asked);
    } catch (error) {
      return unreachable(asked, describe(error));
    } finally {
      await net.destroy();
    }
  }

  /**
   * Puts one question again to each of these injectors that has answered any, at most once a minute, and forgets what is too old. An
   * injector may change without any object of the cluster changing (behind a `url:`, or before it has read its configuration): if its
   * answer to the same template differs, the kept ones are forgotten, `generationOf` grows and `onAnswerChanged` is called.
   *
   * To be called at each turn of the leader. Resolves when these questions are answered; no caller needs to wait for that. Never rejects.
   */
  async recheck(injections: readonly Injection[]): Promise<void> {
    this.#prune();
    const due = injections.filter(
      (injection) => this.#line(injection).failures === 0 && this.#samples.take(injection, this.#options.now()),
    );
    await Promise.all(due.map((injection) => this.#rechecks.take(() => this.#recheck(injection))));
  }

  async #recheck(injection: Injection): Promise<void> {
    const [first, second] = this.#samples.of(injection);
    if (!first) return;
    const answer = await this.askAfresh({ ...first.question, injection });
    if (isBad(answer)) this.#samples.drop(injection, first);
    if (!isConclusive(answer) || same(answer, first.answer)) return;
    const other = second && (await this.askAfresh({ ...second.question, injection }));
    // something of the namespace's own has changed, such as a ProxyConfig: that is no news of the injector
    if (second && other && same(other, second.answer))
      return this.#forgetNamespace(injection, first.question.namespace);
    const name = nameOf(injection);
    this.#generations.set(name, (this.#generations.get(name) ?? 0) + 1);
    this.forget(injection);
    this.#options.onAnswerChanged?.(injection);
  }

  /** How often an injector has been seen to answer otherwise than before, as a number that only grows while its entry exists. */
  generationOf(injection: Pick<Injection, 'entry'>): number {
    return this.#generations.get(nameOf(injection)) ?? 0;
  }

  /** When the first of the questions that ended in `unknown` may be asked again; undefined when none is waiting for its time. */
  retryAt(): number | undefined {
    const lines = [...this.#lines.values()].map(({ retryAt }) => retryAt);
    const alone = [...this.#troubles.values()].map(({ retryAt }) => retryAt);
    const refusals = [...this.#answers.values()].flatMap(({ answer, until }) =>
      answer.kind === 'unknown' ? [until] : [],
    );
    const now = this.#options.now();
    let first: number | undefined;
    for (const times of [lines, alone, refusals])
      for (const time of times) if (time > now && time < (first ?? Infinity)) first = time;
    return first;
  }

  /** Forgets the answers of one epoch, also those on their way: they are asked for again. */
  forget({ epoch }: Injection): void {
    this.#forgetKeys(`${epoch}/`);
    this.#samples.forget(epoch);
  }

  #forgetNamespace(injection: Injection, namespace: string): void {
    this.#forgetKeys(`${injection.epoch}/${namespace}/`);
    this.#samples.forget(injection.epoch, namespace);
    this.#options.onTried?.();
  }

  #forgetKeys(beginning: string): void {
    this.#forgotten += 1;
    for (const kept of [this.#answers, this.#asking, this.#troubles])
      for (const key of kept.keys()) if (key.startsWith(beginning)) kept.delete(key);
  }

  /** Forgets answers of epochs that are gone and closes connections to injectors that no entry names any more. */
  async keepOnly(injections: readonly Injection[]): Promise<void> {
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    this.#prune();
    for (const kept of [this.#answers, this.#troubles])
      for (const key of kept.keys()) if (!epochs.has(key.slice(0, key.indexOf('/')))) kept.delete(key);
    this.#samples.keepOnly(epochs);
    const names = new Set(injections.map(nameOf));
    for (const name of this.#generations.keys()) if (!names.has(name)) this.#generations.delete(name);
    const configurations = new Set(injections.map(({ entry }) => entry.configuration));
    for (const one of this.#silent) if (!configurations.has(one)) this.#silent.delete(one);
    const named = new Set(injections.map(({ entry }) => lineKey(entry)));
    const gone = [...this.#lines].filter(([key]) => !named.has(key));
    for (const [key] of gone) this.#lines.delete(key);
    await Promise.all(gone.flatMap(([, { net, aside }]) => [net.close(), aside.close()]));
  }

  /** Forgets answers that are too old, and troubles that were not asked about for an hour. */
  #prune(): void {
    const now = this.#options.now();
    for (const [key, { until }] of this.#answers) if (until <= now) this.#answers.delete(key);
    for (const [key, { retryAt }] of this.#troubles) if (retryAt + ANSWER_AGE <= now) this.#troubles.delete(key);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].flatMap(({ net, aside }) => [net.destroy(), aside.destroy()]));
    await this.#reader.close();
  }

  /** The open connections to an entry's injector; others after the CA bundle was rotated, and the old ones end with `keepOnly`. */
  #line({ entry }: Injection): Line {
    const key = lineKey(entry);
    const known = this.#lines.get(key);
    if (known) return known;
    const line = this.#open(entry);
    this.#lines.set(key, line);
    return line;
  }

  #isOpen(line: Line, { entry }: Injection): boolean {
    return this.#lines.get(lineKey(entry)) === line;
  }

  #open(entry: WebhookEntry): Line {
    return {
      net: this.#connect(entry, QUESTIONS_AT_A_TIME),
      aside: this.#connect(entry, WITNESSES_AT_A_TIME),
      turns: new ConcurrencyLimit(QUESTIONS_AT_A_TIME),
      waiting: new Set(),
      answered: new Map(),
      turnedAway: new TurnedAway(),
      answers: 0,
      failures: 0,
      retryAt: 0,
      trying: false,
      retrying: false,
      trial: undefined,
      problem: '',
    };
  }

  #connect(entry: WebhookEntry, connections: number): InjectorConnection {
    const { cluster, address, timeLimit = TIME_LIMIT } = this.#options;
    return new InjectorConnection(entry, {
      cluster,
      address,
      timeLimit,
      connections,
      reader: this.#reader,
      writing: this.#writing,
      large: this.#large,
    });
  }

  #keep(asked: Question, answer: Answer): void {
    const now = this.#options.now();
    const key = keyOf(asked);
    this.#answers.delete(key);
    if (isBad(answer)) {
      this.#trouble(key, answer);
      return;
    }
    this.#troubles.delete(key);
    this.#answers.set(key, { answer, until: now + (answer.kind === 'unknown' ? REFUSAL_AGE : ANSWER_AGE) });
    forgetOldest(this.#answers, MOST_ANSWERS);
    if (answer.kind !== 'unknown') this.#samples.add(asked, answer, now);
  }

  #trouble(key: string, answer: Answer): void {
    const failures = (this.#troubles.get(key)?.failures ?? 0) + 1;
    const pause = Math.min(LAST_RETRY_ALONE, FIRST_RETRY * 2 ** (failures - 1));
    this.#troubles.delete(key);
    this.#troubles.set(key, { answer, failures, retryAt: this.#options.now() + pause });
    forgetOldest(this.#troubles, MOST_ANSWERS);
  }

  #reached(line: Line, asked: Question): void {
    const { injection } = asked;
    if (this.#silent.delete(injection.entry.configuration)) this.#options.onReachable?.(injection, undefined);
    line.answers += 1;
    line.failures = 0;
    line.retryAt = 0;
    line.turnedAway.clear();
    const key = keyOf(asked);
    line.answered.delete(key);
    line.answered.set(key, asked);
    forgetOldest(line.answered, WITNESSES_AT_A_TIME);
  }

  /** Questions that were under way together fail together: they count as one failure. */
  #failed(line: Line, asked: Question, problem: string): void {
    // no entry names this injector any more, so its failure is no news
    if (!this.#isOpen(line, asked.injection)) return;
    const { configuration } = asked.injection.entry;
    if (!this.#silent.has(configuration)) this.#options.onReachable?.(asked.injection, problem);
    this.#silent.add(configuration);
    line.turnedAway.doubt(keyOf(asked), asked);
    const now = this.#options.now();
    if (line.retryAt > now) return;
    line.problem = problem;
    line.retryAt = now + Math.min(LAST_RETRY, FIRST_RETRY * 2 ** line.failures);
    line.failures += 1;
  }
}

const keyOf = ({ injection, namespace, templateHash }: Question): string =>
  `${injection.epoch}/${namespace}/${templateHash}`;

/** Entries of one address may differ in their CA while it is rotated; each keeps connections and back-off of its own. */
const lineKey = ({ address, caBundle }: WebhookEntry): string => JSON.stringify([address, caBundle]);

const nameOf = ({ entry }: Pick<Injection, 'entry'>): string => `${entry.configuration}/${entry.name}`;

const same = (one: Answer, other: Answer): boolean => JSON.stringify(one) === JSON.stringify(other);

const isBad = (answer: Answer): boolean => answer.kind === 'unknown' && answer.reason.code === 'bad-answer';

/** A refusal is an answer, too. */
const isConclusive = (answer: Answer): boolean =>
  answer.kind !== 'unknown' || answer.reason.code === 'injector-refused';

/** Resolves with no faults as soon as one is answered, or with the faults of all when none is. */
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

function unreachable({ injection }: Question, why: string): Answer {
  return {
    kind: 'unknown',
    reason: reason('injector-unreachable', `injector of ${injection.entry.configuration}: ${why}`),
  };
}

function resultOf(answer: Answer): QuestionResult {
  if (answer.kind !== 'unknown') return answer.kind;
  return answer.reason.code === 'injector-refused' ? 'refused' : 'bad-answer';
}
