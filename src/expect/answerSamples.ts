import type { Answer } from './answer.ts';
import type { Injection } from './mesh.ts';
import type { Question } from './question.ts';

/** A question with the answer that it had. */
export interface Sample {
  readonly question: Question;
  readonly answer: Answer;
}

/** Between two looks at one injection, in milliseconds. */
const INTERVAL = 60_000;
/** One to ask again, and one of another namespace to tell a change of the injector from one of the namespace. */
const SAMPLES = 2;

interface Samples {
  samples: Sample[];
  nextAt: number;
}

/** Of each epoch the answers by which a change of its injector is noticed. */
export class AnswerSamples {
  readonly #epochs = new Map<string, Samples>();

  /** Takes an answer as a sample, unless there are enough, or one of the same namespace. */
  add(question: Question, answer: Answer, now: number): void {
    const { epoch } = question.injection;
    const known = this.#epochs.get(epoch) ?? { samples: [], nextAt: now + INTERVAL };
    this.#epochs.set(epoch, known);
    const isNew = known.samples.every((one) => one.question.namespace !== question.namespace);
    if (isNew && known.samples.length < SAMPLES) known.samples.push({ question, answer });
  }

  of({ epoch }: Injection): readonly Sample[] {
    return this.#epochs.get(epoch)?.samples ?? [];
  }

  /** Whether an injection has a sample and is due to be looked at; its next look then comes an interval later. */
  take({ epoch }: Injection, now: number): boolean {
    const known = this.#epochs.get(epoch);
    if (!known || known.samples.length === 0 || known.nextAt > now) return false;
    known.nextAt = now + INTERVAL;
    return true;
  }

  /** Drops a sample that can no longer be asked about; the next answer takes its place. */
  drop({ epoch }: Injection, sample: Sample): void {
    const known = this.#epochs.get(epoch);
    if (known) known.samples = known.samples.filter((one) => one !== sample);
  }

  /** Forgets an epoch's samples, or those of one namespace. */
  forget(epoch: string, namespace?: string): void {
    const known = this.#epochs.get(epoch);
    if (!known) return;
    known.samples = known.samples.filter(({ question }) => namespace !== undefined && question.namespace !== namespace);
  }

  keepOnly(epochs: ReadonlySet<string>): void {
    for (const epoch of this.#epochs.keys()) if (!epochs.has(epoch)) this.#epochs.delete(epoch);
  }
}
