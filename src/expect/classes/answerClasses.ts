import { forgetOldest } from '../../forgetOldest.ts';
import { type Answer, sameAnswer } from '../answer.ts';
import type { KeptAnswer } from '../keptAnswers.ts';
import { type Question, questionKey } from '../question.ts';
import { classOf } from './questionClass.ts';

/** How many questions of a class must have the same answer before the others share it. */
const SAMPLES = 2;
/** Of a large class, one question in so many is a sample as well. */
const ONE_IN = 50;
/** After so many samples that were not answered, the others are asked by themselves. */
const MOST_SILENT = 4;
/** As many as answers are kept. */
const MOST_CLASSES = 100_000;
/** A workload whose template changes all the time makes one question after the other. */
const MOST_PLACES = 100_000;

export interface AnswerClassesOptions {
  /** The kept answer to a question, or a new one. Never rejects. */
  readonly ask: (asked: Question) => Promise<Answer>;
  /** The answer to the question with this key, as it is kept. */
  readonly kept: (key: string) => KeptAnswer | undefined;
  /** How many kept answers are gone: as long as it is the same number, all are kept that were, until they are too old. */
  readonly drops: () => number;
  /** Milliseconds of the clock of the kept answers. */
  readonly now: () => number;
  /**
   * Two questions of a class have different answers, so from now on all of them are asked by themselves. Called once for each class.
   * @param samples the keys of the questions whose answers were shared
   */
  readonly onDissolved: (asked: Question, samples: readonly string[]) => void;
}

/** The questions of one class in one epoch. */
interface AnswerClass {
  /** By key, the places in which they came. */
  readonly places: Map<string, number>;
  next: number;
  /** Samples whose answers are on their way. */
  readonly asking: Map<string, Promise<Answer>>;
  /** Settles with all of them; one promise for all that wait. */
  settling: Promise<unknown> | undefined;
  /** Samples that were answered. */
  readonly answered: Set<string>;
  /** What all answered samples say together, which is found out once for all questions of a scan. */
  looked: { readonly shared: KeptAnswer | undefined; readonly drops: number; readonly until: number } | undefined;
  /** How many samples in a row were not answered. */
  silent: number;
  /** From which place on the next question is a sample, once an answer has become too old. */
  turn: number;
  isTurnDue: boolean;
  isDissolved: boolean;
}

/**
 * Shares answers among the questions of a class. The first two are always asked, and of a large class one in fifty. Whenever a shared
 * answer has become too old, one more is asked, in turn, so that in the end each has been asked by itself. As soon as two answers of a
 * class differ, it is dissolved until its epoch ends. A question that is not answered counts for itself alone.
 */
export class AnswerClasses {
  readonly #options: AnswerClassesOptions;
  readonly #classes = new Map<string, AnswerClass>();

  constructor(options: AnswerClassesOptions) {
    this.#options = options;
  }

  /** The answer to a question: its own, or that of its class. Never rejects. */
  async ask(asked: Question): Promise<Answer> {
    const one = this.#of(asked, true);
    if (!one) return this.#options.ask(asked);
    const key = questionKey(asked);
    if (one.asking.size + one.answered.size === 0) one.silent = 0;
    for (;;) {
      this.#forgetOld(one);
      if (one.isDissolved || one.silent >= MOST_SILENT) return this.#options.ask(asked);
      if (isSample(one, key)) return this.#askSample(one, key, asked);
      one.settling ??= Promise.all(one.asking.values());
      await one.settling;
      const shared = this.#sharedBy(one, asked);
      if (shared) return shared.answer;
    }
  }

  /** The kept answer that a question shares, if it does not have one of its own. */
  shared(asked: Question): KeptAnswer | undefined {
    const one = this.#of(asked);
    return one && this.#sharedBy(one, asked);
  }

  /** A question was answered, for whatever reason it was asked. If it belongs to a class that shares another answer, that is dissolved. */
  heard(asked: Question, answer: Answer): void {
    const one = answer.kind === 'unknown' ? undefined : this.#of(asked);
    const shared = one && this.#sharedBy(one, asked);
    if (one && shared && !sameAnswer(shared.answer, answer)) this.#dissolve(one, asked);
  }

  /** Forgets the classes whose names begin with this: an epoch, or a namespace in it. */
  forget(beginning: string): void {
    for (const name of this.#classes.keys()) if (name.startsWith(beginning)) this.#classes.delete(name);
  }

  /** Forgets the classes of all other epochs. */
  keepOnly(epochs: ReadonlySet<string>): void {
    for (const name of this.#classes.keys())
      if (!epochs.has(name.slice(0, name.indexOf('/')))) this.#classes.delete(name);
  }

  #of(asked: Question, make = false): AnswerClass | undefined {
    const name = classOf(asked);
    if (name === undefined) return undefined;
    const one = this.#classes.get(name) ?? (make ? newClass() : undefined);
    if (!one || !make) return one;
    this.#classes.set(name, one);
    forgetOldest(this.#classes, MOST_CLASSES);
    const key = questionKey(asked);
    if (!one.places.has(key)) one.places.set(key, one.next++);
    forgetOldest(one.places, MOST_PLACES);
    return one;
  }

  async #askSample(one: AnswerClass, key: string, asked: Question): Promise<Answer> {
    if (one.isTurnDue && placeOf(one, key) >= one.turn) {
      one.isTurnDue = false;
      one.turn = placeOf(one, key) + 1;
    }
    const asking = this.#options.ask(asked);
    one.asking.set(key, asking);
    one.settling = undefined;
    const answer = await asking;
    one.asking.delete(key);
    one.settling = undefined;
    if (answer.kind === 'unknown') one.silent += 1;
    else {
      one.answered.add(key);
      one.looked = undefined;
      this.#sharedBy(one, asked);
    }
    return answer;
  }

  /** The kept answer of the first sample, if enough of them have the same. If they differ, the class is dissolved. */
  #sharedBy(one: AnswerClass, asked: Question): KeptAnswer | undefined {
    if (one.isDissolved) return undefined;
    if (this.#isLookedAt(one)) return one.looked?.shared;
    const drops = this.#options.drops();
    const all = [...one.answered].flatMap((key) => this.#options.kept(key) ?? []);
    const kept = all.filter(({ answer }) => answer.kind !== 'unknown');
    const [first, ...others] = kept;
    if (!first) return undefined;
    if (!others.every(({ answer }) => sameAnswer(answer, first.answer))) {
      this.#dissolve(one, asked);
      return undefined;
    }
    const shared = kept.length >= SAMPLES ? first : undefined;
    const until = Math.min(...kept.map((each) => each.until));
    if (kept.length === one.answered.size) one.looked = { shared, drops, until };
    return shared;
  }

  /** Whether all samples are still kept that were there at the last look. */
  #isLookedAt({ looked }: AnswerClass): boolean {
    const { drops, now } = this.#options;
    return looked !== undefined && looked.drops === drops() && looked.until > now();
  }

  #forgetOld(one: AnswerClass): void {
    if (this.#isLookedAt(one)) return;
    for (const key of one.answered) {
      const kept = this.#options.kept(key);
      if (kept && kept.answer.kind !== 'unknown') continue;
      one.answered.delete(key);
      one.isTurnDue = true;
      if (one.turn >= one.next) one.turn = 0;
    }
  }

  #dissolve(one: AnswerClass, asked: Question): void {
    one.isDissolved = true;
    const samples = [...one.answered];
    one.answered.clear();
    one.places.clear();
    this.#options.onDissolved(asked, samples);
  }
}

const newClass = (): AnswerClass => ({
  places: new Map(),
  next: 0,
  asking: new Map(),
  settling: undefined,
  answered: new Set(),
  looked: undefined,
  silent: 0,
  turn: 0,
  isTurnDue: false,
  isDissolved: false,
});

const placeOf = ({ places, next }: AnswerClass, key: string): number => places.get(key) ?? next;

function isSample(one: AnswerClass, key: string): boolean {
  const place = placeOf(one, key);
  return (
    one.asking.has(key) ||
    one.answered.has(key) ||
    one.asking.size + one.answered.size < SAMPLES ||
    place % ONE_IN === 0 ||
    (one.isTurnDue && place >= one.turn)
  );
}
