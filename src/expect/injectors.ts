import type { Cluster } from '../cluster/cluster.ts';
import type { Answer } from './answer.ts';
import { AnswerChanges } from './answerChanges.ts';
import { AnswerReader } from './answerReader.ts';
import { AnswerClasses } from './classes/answerClasses.ts';
import { ConcurrencyLimit } from './concurrencyLimit.ts';
import { describe } from './connectionFault.ts';
import { InjectorConnection } from './injectorConnection.ts';
import type { InjectorLine } from './injectorLine.ts';
import { InjectorLines, type ReachableListener } from './injectorLines.ts';
import { InjectorRoutes, type Tunnel } from './injectorRoutes.ts';
import { type KeptAnswer, KeptAnswers } from './keptAnswers.ts';
import type { AskedInjection, Injection } from './mesh.ts';
import { PodCreators } from './podCreators.ts';
import { type Question, questionKey, unreachable } from './question.ts';
import { Questioner, type QuestionerOptions } from './questioner.ts';
import type { WebhookEntry } from './webhookEntry.ts';

export interface InjectorsOptions {
  readonly cluster: Pick<Cluster, 'service' | 'accountUid'>;
  /** Milliseconds; only differences count, so any clock that never runs backwards will do. */
  readonly now: () => number;
  /** Address to dial instead of the entry's, for a port-forward. The server name stays the entry's. */
  readonly address?: { readonly host: string; readonly port: number };
  /** Leads to Services that the network does not lead to. */
  readonly tunnel?: Tunnel;
  /** Time limit for one question, from dialling to the last byte of the answer; milliseconds. */
  readonly timeLimit?: number;
  /** Asks without a network, as in the simulation. It rejects when there is no answer. */
  readonly post?: QuestionerOptions['post'];
  readonly onQuestion?: QuestionerOptions['onQuestion'];
  readonly onReachable?: ReachableListener;
  /**
   * Called after a retry of an injector that did not answer, or of a question that failed alone. If it is given, retries run in the
   * background, so that one time limit does not delay other workloads. Otherwise callers wait for the retry.
   */
  readonly onTried?: () => void;
  /** Called when an injector has changed its answer to a template. Its kept answers are forgotten, and `generationOf` has grown. */
  readonly onAnswerChanged?: (injection: AskedInjection) => void;
  /** Called when an injector tells templates apart that should be alike to it. From now on they are asked about one by one. */
  readonly onUnlike?: (asked: Question) => void;
}

/** The API server's own limit for a webhook is 10 s unless the entry says less. */
const TIME_LIMIT = 10_000;

/**
 * Asks injectors what they would inject, as the API server would ask them. Answers are kept per (epoch, namespace, template) for an hour.
 *
 * There are two kinds of faults. If an injector refuses connections or answers no question, Meltemi backs off, and meanwhile all
 * questions to it end as `injector-unreachable`. If a question fails while others are answered, the cause is its workload: that question
 * alone ends as `bad-answer`, with its own back-off. While it is not known which kind a fault is, the injector gets other questions first.
 */
export class Injectors {
  readonly #options: InjectorsOptions;
  readonly #kept: KeptAnswers;
  readonly #lines: InjectorLines;
  readonly #questioner: Questioner;
  readonly #changes: AnswerChanges;
  readonly #classes: AnswerClasses;
  readonly #asking = new Map<string, Promise<Answer>>();
  readonly #reader = new AnswerReader();
  readonly #podCreators: PodCreators;
  readonly #routes: InjectorRoutes | undefined;
  readonly #writing = new ConcurrencyLimit(1);
  readonly #large = new ConcurrencyLimit(1);

  constructor(options: InjectorsOptions) {
    const { now, post, onQuestion } = options;
    this.#options = options;
    this.#kept = new KeptAnswers(now);
    this.#podCreators = new PodCreators(options.cluster, now);
    this.#routes = options.tunnel && new InjectorRoutes(options.tunnel);
    this.#lines = new InjectorLines((entry, connections) => this.#connect(entry, connections), options.onReachable);
    this.#questioner = new Questioner({
      lines: this.#lines,
      kept: this.#kept,
      now,
      post,
      onQuestion,
      onAnswer: (asked, answer, before) => {
        this.#changes.add(asked, answer, before);
        this.#classes.heard(asked, answer);
      },
    });
    this.#classes = new AnswerClasses({
      ask: (asked) => this.#askItself(asked),
      kept: (key) => this.#kept.kept(key),
      drops: () => this.#kept.drops,
      now,
      onDissolved: (asked, samples) => {
        // whoever shared these answers asks again
        for (const key of samples) this.#kept.forget(key);
        options.onUnlike?.(asked);
        options.onTried?.();
      },
    });
    this.#changes = new AnswerChanges({
      now,
      ask: (question) => this.askAfresh(question),
      isFailing: (injection) => this.#lines.of(injection).isFailing,
      onChange: (injection) => {
        this.#kept.unsettle();
        this.forget(injection);
        options.onAnswerChanged?.(injection);
      },
      onNamespaceChange: ({ epoch }, namespace) => {
        this.#forgetKeys(`${epoch}/${namespace}/`);
        options.onTried?.();
      },
    });
  }

  /**
   * The kept answer, or a new one, which may be that to a like template; `unknown` if the injector does not answer this question. Never
   * throws.
   */
  ask(asked: Question): Promise<Answer> {
    const key = questionKey(asked);
    const isKnown = this.#kept.of(key) ?? this.#kept.trouble(key);
    return isKnown ? this.#askItself(asked) : this.#classes.ask(asked);
  }

  /** The same, but never the answer to another template. */
  #askItself(asked: Question): Promise<Answer> {
    const { onTried } = this.#options;
    const key = questionKey(asked);
    const kept = this.#kept.of(key);
    if (kept) return Promise.resolve(kept);
    const trouble = this.#kept.trouble(key);
    if (trouble && !trouble.isDue) return Promise.resolve(trouble.answer);
    const line = this.#lines.of(asked.injection);
    if (line.isFailing && onTried) {
      line.turnedAway.add(key, asked);
      this.#tryAgain(line, onTried);
      return Promise.resolve(unreachable(asked, line.problem));
    }
    if (!trouble || !onTried) return this.#askOnce(key, asked);
    this.#retry(line, key, asked, onTried);
    return Promise.resolve(trouble.answer);
  }

  /** A new answer, which replaces the kept one. Never throws. */
  askAfresh(asked: Question): Promise<Answer> {
    return this.#questioner.ask(asked);
  }

  /** Callers that ask the same question at the same time share the answer. */
  #askOnce(key: string, asked: Question): Promise<Answer> {
    const asking = this.#asking.get(key);
    if (asking) return asking;
    const begun = this.askAfresh(asked).finally(() => {
      if (this.#asking.get(key) === begun) this.#asking.delete(key);
    });
    this.#asking.set(key, begun);
    return begun;
  }

  /** Retries an injector that did not answer, if possible with another question than last time. */
  #tryAgain(line: InjectorLine, onTried: () => void): void {
    if (line.trying || line.retryAt > this.#options.now()) return;
    line.trying = true;
    void this.#tryAnother(line).finally(() => {
      line.trying = false;
      onTried();
    });
  }

  async #tryAnother(line: InjectorLine): Promise<void> {
    // an evaluation asks all its questions at once: the first one is not the only choice
    await Promise.resolve();
    const asked = line.turnedAway.choose([...line.answered.entries()]);
    if (asked) await this.askAfresh(asked);
  }

  /** Retries a question that failed alone. Each injector gets one such question at a time, so that many of them do not crowd out others. */
  #retry(line: InjectorLine, key: string, asked: Question, onTried: () => void): void {
    if (line.retrying) return;
    line.retrying = true;
    void this.#askOnce(key, asked).finally(() => {
      line.retrying = false;
      onTried();
    });
  }

  /** A new answer over a connection of its own. It is not kept. Never throws. */
  async probe(asked: Question): Promise<Answer> {
    const net = this.#connect(asked.injection.entry, 1);
    try {
      return await this.#questioner.post(net, asked);
    } catch (error) {
      return unreachable(asked, describe(error));
    } finally {
      await net.destroy();
    }
  }

  /**
   * Repeats one answered question to each of these injectors, at most once a minute, and forgets answers that are too old. An injector can
   * change although no object in the cluster does (behind a `url:`, or before it has read its configuration). If its answer to the same
   * template differs, its kept answers are forgotten, `generationOf` grows, and `onAnswerChanged` is called.
   *
   * The leader calls this in each turn. It resolves when the questions are answered; callers need not wait for that. It never rejects.
   */
  async recheck(injections: readonly Injection[]): Promise<void> {
    this.#kept.prune();
    await this.#changes.recheck(injections);
  }

  /** How often an injector has changed its answers. The number only grows while the entry exists. */
  generationOf(injection: Pick<AskedInjection, 'entry'>): number {
    return this.#changes.generationOf(injection);
  }

  /** The earliest time at which a question that ended in `unknown` may be retried; undefined if none waits. */
  retryAt(): number | undefined {
    const now = this.#options.now();
    let first: number | undefined;
    for (const times of [this.#lines.retryTimes(), this.#kept.retryTimes()])
      for (const time of times) if (time > now && time < (first ?? Infinity)) first = time;
    return first;
  }

  /** The answer to a question as it is kept, if it is still valid: its own, or the one that it shares. */
  kept(asked: Question): KeptAnswer | undefined {
    return this.#kept.kept(questionKey(asked)) ?? this.#classes.shared(asked);
  }

  /** Whether the kept answer to a question is that to a like template. */
  isShared(asked: Question): boolean {
    return this.#kept.of(questionKey(asked)) === undefined && this.#classes.shared(asked) !== undefined;
  }

  /** How many kept answers are gone by now. */
  get drops(): number {
    return this.#kept.drops;
  }

  /** Forgets the answers of one epoch, also those that have not arrived yet. They are asked for again. */
  forget(injection: Injection): void {
    this.#forgetKeys(`${injection.epoch}/`);
    this.#changes.forget(injection);
  }

  #forgetKeys(beginning: string): void {
    this.#kept.forget(beginning);
    this.#classes.forget(beginning);
    for (const key of this.#asking.keys()) if (key.startsWith(beginning)) this.#asking.delete(key);
  }

  /** Forgets answers of past epochs, and closes connections to injectors that no entry names any longer. */
  async keepOnly(injections: readonly Injection[]): Promise<void> {
    this.#kept.prune();
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    this.#kept.keepOnly(epochs);
    this.#classes.keepOnly(epochs);
    this.#changes.keepOnly(injections);
    await this.#lines.keepOnly(injections);
  }

  /** Closes all connections and aborts the questions on them. */
  async close(): Promise<void> {
    await this.#lines.destroy();
    await this.#reader.close();
  }

  #connect(entry: WebhookEntry, connections: number): InjectorConnection {
    const { cluster, address, timeLimit = TIME_LIMIT } = this.#options;
    return new InjectorConnection(entry, {
      cluster,
      address,
      routes: this.#routes,
      timeLimit,
      connections,
      reader: this.#reader,
      podCreators: this.#podCreators,
      writing: this.#writing,
      large: this.#large,
    });
  }
}
