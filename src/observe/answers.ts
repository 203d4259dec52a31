import { type DriftRules, readsConfig } from '../compare/drift.ts';
import type { Answer } from '../expect/answer.ts';
import type { Injectors } from '../expect/injectors.ts';
import type { KeptAnswer } from '../expect/keptAnswers.ts';
import { matchesOf, type SourceMatch } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Question } from '../expect/question.ts';
import { type Asked, questionOf } from '../expect/questionOf.ts';
import { loopSlices } from '../loopSlices.ts';
import type { Answered, SourceAnswer } from '../plan/assess.ts';
import { AnsweredBefore, type WithAnswers } from './answeredBefore.ts';
import type { Observed } from './observed.ts';

export interface AnswersOptions {
  readonly injectors: Injectors;
  /** Asked each time: it may change while the operator runs. */
  readonly policy: () => DriftRules;
}

/** Gets the answers of the injectors about workloads that were observed. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #before = new AnsweredBefore();

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Matches all of them with the mesh, and gets the answers of their injectors: kept ones where they still hold. */
  async ofAll(mesh: Mesh, observations: readonly Observed[]): Promise<readonly Answered[]> {
    const { injectors, policy } = this.#options;
    const { drops } = injectors;
    this.#before.begin([mesh, readsConfig(policy())]);
    const again = new Map<number, WithAnswers>();
    const asking: Promise<unknown>[] = [];
    const slices = loopSlices();
    for (const place of this.#before.missing(observations, drops)) {
      await slices.step();
      const one = this.of(mesh, observations[place] as Observed).then((answered) => {
        again.set(place, answered);
      });
      one.catch(() => undefined);
      asking.push(one);
    }
    await Promise.all(asking);
    return this.#before.completed(observations, again, drops);
  }

  /**
   * Matches one observation with the mesh, and gets the answers of its injectors.
   * @param fresh asks the injectors again even if an answer is kept
   */
  async of(mesh: Mesh, observed: Observed, fresh = false): Promise<WithAnswers> {
    const kept: (KeptAnswer | undefined)[] = [];
    const answering = matchesOf(mesh, observed.workload).map(async (matched): Promise<SourceAnswer> => {
      if (observed.unread !== undefined) return matched;
      const asked = { ...observed, ...matched };
      const question = this.#question(mesh, asked);
      const answer = question ? await this.#ask(question, fresh) : fixedAnswer(asked);
      if (question) kept.push(this.#keptAs(question, answer));
      if (!answer) return matched;
      const isShared = question !== undefined && !fresh && this.#options.injectors.isShared(question);
      return { ...matched, answer, ...(isShared && { isShared }) };
    });
    const [first, ...others] = await Promise.all(answering);
    // there is always a first one
    const answered = { ...observed, ...(first as SourceAnswer), ...(others.length > 0 && { others }) };
    // a copy takes less memory: V8 makes room for 17 in a list that is pushed to
    return kept.every((one) => one !== undefined) ? { answered, kept: [...kept] } : { answered };
  }

  /** The answer of the injector to the question about a workload; undefined where nobody is asked. */
  async to(mesh: Mesh, one: Asked & SourceMatch): Promise<Answer | undefined> {
    const question = this.#question(mesh, one);
    return question ? this.#ask(question, false) : fixedAnswer(one);
  }

  /** How an answer is kept that need not be asked for again; a question without one is tried again, with back-off. */
  #keptAs(question: Question, answer: Answer | undefined): KeptAnswer | undefined {
    const kept = answer?.kind === 'unknown' ? undefined : this.#options.injectors.kept(question);
    return kept?.answer === answer ? kept : undefined;
  }

  #question(mesh: Mesh, one: Asked & SourceMatch): Question | undefined {
    if (one.match.kind === 'entry' && one.source?.fixed) return undefined;
    return questionOf(mesh, one, readsConfig(this.#options.policy()));
  }

  #ask(question: Question, fresh: boolean): Promise<Answer> {
    const { injectors } = this.#options;
    return fresh ? injectors.askAfresh(question) : injectors.ask(question);
  }
}

/** What the policy itself expects, where it does. */
const fixedAnswer = ({ match, source, workload }: Asked & SourceMatch): Answer | undefined =>
  match.kind === 'entry' ? source?.fixed?.expectation(workload) : undefined;
