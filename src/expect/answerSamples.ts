import type { Answer } from './answer.ts';
import type { Injection } from './mesh.ts';
import type { Question } from './question.ts';

/** A question and its answer. */
export interface Sample {
  readonly question: Question;
  readonly answer: Answer;
}

/** The time between two checks of one injection, in milliseconds. */
const INTERVAL = 60_000;
/** One sample to ask again, and one from another namespace. The second tells a change of the injector from a change in the namespace. */
const SAMPLES = 2;

const isWeaker = (one: Answer, other: Answer): boolean => one.kind === 'no-sidecar' && other.kind === 'sidecar';

interface Samples {
  samples: Sample[];
  nextAt: number;
}

/** For each epoch, the answers that are asked again to notice a change of its injector. */
export class AnswerSamples {
  readonly #epochs = new Map<string, Samples>();

  /**
   * Keeps an answer as a sample, unless there are enough or one is from the same namespace. A template that is injected takes the place of
   * one that is not: an injector that most templates do not ask for would decline them before and after a change.
   */
  add(question: Question, answer: Answer, now: number): void {
    const { epoch } = question.injection;
    const known = this.#epochs.get(epoch) ?? { samples: [], nextAt: now + INTERVAL };
    this.#epochs.set(epoch, known);
    // a sample from before the ProxyConfigs of its namespace were changed would now show a change of the injector
    known.samples = known.samples.filter(
      ({ question: { namespace, proxyConfigs } }) =>
        namespace !== question.namespace || proxyConfigs === question.proxyConfigs,
    );
    const isNew = known.samples.every(
      (one) => one.question.namespace !== question.namespace || isWeaker(one.answer, answer),
    );
    if (!isNew) return;
    const stronger = known.samples.filter((one) => !isWeaker(one.answer, answer));
    const weaker = known.samples.filter((one) => isWeaker(one.answer, answer));
    known.samples = [...stronger, { question, answer }, ...weaker].slice(0, SAMPLES);
  }

  /** Puts a sample first, and lets its injection be checked at once. */
  replace(sample: Sample): void {
    const { injection, namespace } = sample.question;
    const known = this.#epochs.get(injection.epoch);
    if (!known) return;
    const others = known.samples.filter(({ question }) => question.namespace !== namespace);
    known.samples = [sample, ...others].slice(0, SAMPLES);
    known.nextAt = Number.NEGATIVE_INFINITY;
  }

  of({ epoch }: Injection): readonly Sample[] {
    return this.#epochs.get(epoch)?.samples ?? [];
  }

  /** Whether an injection has a sample and is due for a check. If it is, the next check is due an interval later. */
  take({ epoch }: Injection, now: number): boolean {
    const known = this.#epochs.get(epoch);
    if (!known || known.samples.length === 0 || known.nextAt > now) return false;
    known.nextAt = now + INTERVAL;
    return true;
  }

  /** Drops a sample that can no longer be asked about. The next answer replaces it. */
  drop({ epoch }: Injection, sample: Sample): void {
    const known = this.#epochs.get(epoch);
    if (known) known.samples = known.samples.filter((one) => one !== sample);
  }

  /** Forgets the samples of an epoch, or only those of one namespace. */
  forget(epoch: string, namespace?: string): void {
    const known = this.#epochs.get(epoch);
    if (!known) return;
    known.samples = known.samples.filter(({ question }) => namespace !== undefined && question.namespace !== namespace);
  }

  keepOnly(epochs: ReadonlySet<string>): void {
    for (const epoch of this.#epochs.keys()) if (!epochs.has(epoch)) this.#epochs.delete(epoch);
  }
}
