import type { RewriteRule } from '../compare/learntImage.ts';
import type { LearntImage, LearntImages } from './journalText.ts';

/** The maximum number of rewrites of one run, and of those from one namespace. Real clusters have a few. */
const MOST_LEARNT = 40;
const MOST_LEARNT_IN_NAMESPACE = 5;

/** The rules that count for a run in a namespace. */
export type Learnt = (run: string, namespace: string) => readonly RewriteRule[];

/** What the journal keeps of how the cluster rewrites the images of each run. */
export class LearntRules {
  #all: LearntImages = new Map();
  #soFar: Learnt | undefined;

  get all(): LearntImages {
    return this.#all;
  }

  load(learnt: LearntImages): void {
    this.#all = learnt;
    this.#soFar = undefined;
  }

  /** The rules as they are now: the same function as long as there are no others. */
  soFar(): Learnt {
    const known = this.#all;
    this.#soFar ??= (run, namespace) => counting(known.get(run) ?? [], namespace);
    return this.#soFar;
  }

  /** @returns whether the rule is new, already known, or does not count because there is no room for it */
  learn(run: string, rule: RewriteRule, namespace: string): 'news' | 'known' | 'full' {
    const known = this.#all.get(run) ?? [];
    const words = JSON.stringify(rule);
    const same = known.find((one) => JSON.stringify(one.rule) === words);
    if (same && (same.namespaces.length > 1 || same.namespaces.includes(namespace))) return 'known';
    // a user who can change the pods of one namespace must not use up the room of all
    const fromHere = known.filter(({ namespaces }) => namespaces[0] === namespace).length;
    if (!same && (known.length >= MOST_LEARNT || fromHere >= MOST_LEARNT_IN_NAMESPACE)) return 'full';
    const others = known.filter((one) => one !== same);
    const namespaces = [...(same?.namespaces ?? []), namespace];
    this.load(new Map(this.#all).set(run, [...others, { rule, namespaces }]));
    return same ? 'known' : 'news';
  }

  /** Forgets those of other runs. */
  keepOnly(runs: ReadonlySet<string>): void {
    const left = new Map([...this.#all].filter(([run]) => runs.has(run)));
    if (left.size < this.#all.size) this.load(left);
  }
}

/**
 * Another registry or path or an added digest is the same version, so it counts everywhere. A different image may come from the owner of
 * the namespace. It counts there, and elsewhere once a second namespace has shown the same.
 */
function counting(known: readonly LearntImage[], namespace: string): readonly RewriteRule[] {
  const counts = ({ rule, namespaces }: LearntImage): boolean =>
    rule.kind !== 'exact' || namespaces.length > 1 || namespaces.includes(namespace);
  return known.filter(counts).map(({ rule }) => rule);
}
