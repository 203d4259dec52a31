import { type Answer, sameAnswer, sameButConfig } from './answer.ts';
import { AnswerSamples } from './answerSamples.ts';
import { ConcurrencyLimit } from './concurrencyLimit.ts';
import { type AskedInjection, type Injection, isAsked } from './mesh.ts';
import { isBad, type Question } from './question.ts';

const RECHECKS_AT_A_TIME = 4;

export interface AnswerChangesOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** A new answer. Never rejects. */
  readonly ask: (question: Question) => Promise<Answer>;
  /** Whether an injection's injector is known to be unreachable. */
  readonly isFailing: (injection: AskedInjection) => boolean;
  /** An injector gives a different answer to the same template; `generationOf` has grown. */
  readonly onChange: (injection: AskedInjection) => void;
  /** The answers of one namespace have changed for a reason of its own, such as a ProxyConfig. */
  readonly onNamespaceChange: (injection: Injection, namespace: string) => void;
}

/** Detects that an injector's answers have changed although no watched object has. */
export class AnswerChanges {
  readonly #options: AnswerChangesOptions;
  readonly #samples = new AnswerSamples();
  readonly #rechecks = new ConcurrencyLimit(RECHECKS_AT_A_TIME);
  readonly #generations = new Map<string, number>();

  constructor(options: AnswerChangesOptions) {
    this.#options = options;
  }

  /**
   * Keeps an answer as a sample, unless it is `unknown` or there are enough samples. If it differs from the cached one, the samples are
   * checked at the next opportunity: whatever asked again has found a change.
   */
  add(asked: Question, answer: Answer, before?: Answer): void {
    if (before && isConclusive(answer) && isConclusive(before) && !sameButConfig(answer, before))
      this.#samples.replace({ question: asked, answer: before });
    else if (answer.kind !== 'unknown') this.#samples.add(asked, answer, this.#options.now());
  }

  /** Asks each of these injectors one sample again, if it is due. Never rejects. */
  async recheck(injections: readonly Injection[]): Promise<void> {
    const { isFailing, now } = this.#options;
    const asked = injections.filter(isAsked);
    const due = asked.filter((injection) => !isFailing(injection) && this.#samples.take(injection, now()));
    await Promise.all(due.map((injection) => this.#rechecks.take(() => this.#recheck(injection))));
  }

  async #recheck(injection: AskedInjection): Promise<void> {
    const { ask, onChange, onNamespaceChange } = this.#options;
    const [first, second] = this.#samples.of(injection);
    if (!first) return;
    const answer = await ask({ ...first.question, injection });
    if (isBad(answer)) this.#samples.drop(injection, first);
    if (!isConclusive(answer) || sameAnswer(answer, first.answer)) return;
    // an injector may write something new into each pod, such as a random token: that is no change of its own
    if (sameButConfig(answer, first.answer) && !sameAnswer(answer, await ask({ ...first.question, injection }))) return;
    const other = second && (await ask({ ...second.question, injection }));
    // only something in the namespace has changed, such as a ProxyConfig; the injector itself has not. A template that is not injected
    // would not show it
    if (second?.answer.kind === 'sidecar' && other && sameAnswer(other, second.answer)) {
      this.#samples.forget(injection.epoch, first.question.namespace);
      onNamespaceChange(injection, first.question.namespace);
      return;
    }
    const name = nameOf(injection);
    this.#generations.set(name, (this.#generations.get(name) ?? 0) + 1);
    onChange(injection);
  }

  /** The number of times that an injector's answers were seen to change. It only grows while the injector's entry exists. */
  generationOf(injection: Pick<AskedInjection, 'entry'>): number {
    return this.#generations.get(nameOf(injection)) ?? 0;
  }

  /** Forgets an epoch's samples. */
  forget({ epoch }: Injection): void {
    this.#samples.forget(epoch);
  }

  /** Forgets all other injections. */
  keepOnly(injections: readonly Injection[]): void {
    this.#samples.keepOnly(new Set(injections.map(({ epoch }) => epoch)));
    const names = new Set(injections.filter(isAsked).map(nameOf));
    for (const name of this.#generations.keys()) if (!names.has(name)) this.#generations.delete(name);
  }
}

const nameOf = ({ entry }: Pick<AskedInjection, 'entry'>): string => `${entry.configuration}/${entry.name}`;

/** A refusal is an answer too. */
const isConclusive = (answer: Answer): boolean =>
  answer.kind !== 'unknown' || answer.reason.code === 'injector-refused';
