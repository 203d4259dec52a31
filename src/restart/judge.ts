import { learn, mayBeAnotherAnswer } from '../compare/learntImage.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Injection } from '../expect/mesh.ts';
import type { Observed } from '../observe/observed.ts';
import { type Assessed, isOutdated } from '../plan/assessed.ts';
import { closedGate } from '../plan/gates/gates.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { fingerprint } from '../plan/record.ts';
import type { End, Progress } from './progress.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import { endsOf, isUnknown, type TargetEnd } from './targetEnds.ts';

/** The pods of a restart, with the verdict on them. */
export interface JudgedPods {
  readonly observed: Observed;
  readonly assessed: Assessed;
  readonly progress: Progress;
}

/** Judges how a restart has ended by its pods. It asks again, and learns how the cluster rewrites images, before it finds one wrong. */
export class Judge {
  readonly #options: RestarterOptions;

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * How a restart has ended for each of its targets; undefined while it has not.
   * @param inherited whether the time limit had passed before this process first saw the restart
   */
  async endsOf(
    entry: JournalEntry,
    { observed, assessed, progress }: JudgedPods,
    inherited: boolean,
  ): Promise<readonly TargetEnd[] | undefined> {
    const { observer, mesh, moment } = this.#options;
    const context = { progress, rules: moment().policy, inherited };
    const ends = endsOf(entry, assessed, context);
    if (!ends?.some(({ end }) => end.outcome === 'failed:wrong-image')) return ends;
    // another restart may have shown meanwhile that the cluster rewrites the image
    const fresh = await observer.assess(mesh(), observed, true);
    // an injector that does not answer this question must not keep the restart in its slot
    if (ends.some(({ target }) => isUnknown(fresh, target))) return ends;
    return endsOf(entry, fresh, context)?.map((one) => this.#unlessRewritten(one));
  }

  #unlessRewritten(one: TargetEnd): TargetEnd {
    const { end, assessed } = one;
    if (end.outcome !== 'failed:wrong-image') return one;
    const learnt = this.#learn(one);
    if (learnt) return { ...one, end: learnt };
    return { ...one, end: { ...end, detail: `${end.detail}${whyNotLearnt(assessed)}` } };
  }

  /**
   * New pods may have another image because the cluster rewrites images, to a mirror or to a digest. If the injector still gives the answer
   * that the restart was made for, and it has not changed since, the cluster has rewritten the image, and another restart would bring the
   * same one. An old replica that still injects looks the same, so a digest in the place of the tag is only learnt if all replicas agree,
   * and another tag never is.
   */
  #learn({ target, assessed }: TargetEnd): End | undefined {
    const { journal, listener } = this.#options;
    if (!isOutdated(assessed) || fingerprint(assessed.verdict.expected) !== target.restartedFor) return undefined;
    const { groups, verdict, injection } = assessed;
    const isSteady = injection.run === target.run && groups.every(({ ready }) => ready);
    const rule = isSteady ? learn(verdict.expected, groups) : undefined;
    // a policy's wish is no answer: another image is the injector's own
    if (rule?.kind === 'exact' && injection.source?.fixed) return undefined;
    if (rule?.kind === 'exact' && !this.#replicasAgree(injection, verdict.expected)) return undefined;
    if (!rule) return undefined;
    const words = `the cluster rewrites ${verdict.expected.image} to ${verdict.actual.image}`;
    const learnt = journal.learn(injection.run, rule, assessed.workload.namespace);
    // a rewrite that does not count would make the workload outdated again, and it would be restarted again
    if (learnt === 'full') return undefined;
    if (learnt === 'news') listener.learnt(assessed, words);
    return { outcome: 'verified', detail: words };
  }

  /**
   * Whether no upgrade of the control plane is in progress. If the control plane is not visible, whether its answers are confirmed (gates
   * G1 to G3).
   */
  #replicasAgree(injection: Injection, expected: ExpectedSidecar): boolean {
    const unconfirmed = this.#options.moment().unconfirmed(injection);
    return closedGate({ injection, expected, unconfirmed }, new Set(['proxy-newer-than-istiod'])) === undefined;
  }
}

/** What may have given new pods an image of another version, in words. */
const whyNotLearnt = ({ verdict }: Assessed): string =>
  verdict.state === 'outdated' && mayBeAnotherAnswer(verdict.expected.image, verdict.actual.image)
    ? '; a replica of istiod may be behind, or something in the cluster sets the image'
    : '';
