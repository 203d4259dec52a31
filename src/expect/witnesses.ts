import { forgetOldest } from '../forgetOldest.ts';
import type { Question } from './question.ts';

/**
 * Questions that show whether an injector answers others than the failed one. Questions from other namespaces come first, because the owner
 * of a failing question may have written many. Otherwise they are spread over the whole list.
 * @param pool the candidates, the most promising first
 */
export function witnesses(pool: readonly Question[], suspect: string, count: number): Question[] {
  const elsewhere = pool.filter(({ namespace }) => namespace !== suspect);
  const there = pool.filter(({ namespace }) => namespace === suspect);
  const chosen = spread(elsewhere, count);
  return [...chosen, ...spread(there, count - chosen.length)];
}

/** Picks this many items of a list: the first, the last, and evenly spaced ones between them. */
function spread<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, index) => Math.round((index * (list.length - 1)) / Math.max(1, count - 1)))
    .map((at) => list[at])
    .filter((one) => one !== undefined);
}

/** Enough to find a question that is answered, and few enough to keep their templates. */
const MOST = 64;

/** Questions to an unreachable injector. Each try uses another one, so that no single question keeps the injector unreachable. */
export class TurnedAway {
  readonly #questions = new Map<string, Question>();
  /** Questions that failed: key and namespace. */
  readonly #doubted = new Map<string, string>();

  add(key: string, asked: Question): void {
    this.#questions.set(key, asked);
    if (this.#questions.size > MOST) this.#questions.delete(this.#mostOf());
  }

  /** Records that this question failed. */
  doubt(key: string, asked: Question): void {
    this.#doubted.delete(key);
    this.#doubted.set(key, asked.namespace);
    forgetOldest(this.#doubted, MOST);
  }

  /**
   * The question for the next try: one that has not failed yet, from the namespace whose last failure is the oldest. If all have failed, it
   * is the question whose own failure is the oldest.
   * @param answered keys of questions that the injector has answered before
   */
  choose(answered: readonly (readonly [string, Question])[]): Question | undefined {
    const all = new Map([...answered, ...this.#questions]);
    const lastTried = new Map([...this.#doubted.values()].map((namespace, place) => [namespace, place + 1]));
    const last = ({ namespace }: Question): number => lastTried.get(namespace) ?? 0;
    const fresh = [...all].filter(([key]) => !this.#doubted.has(key)).map(([, asked]) => asked);
    const [best] = fresh.sort((a, b) => last(a) - last(b));
    if (best) return best;
    const oldest = [...this.#doubted.keys()].find((key) => all.has(key));
    return oldest === undefined ? undefined : all.get(oldest);
  }

  clear(): void {
    this.#questions.clear();
    this.#doubted.clear();
  }

  /** The oldest question of the namespace with the most questions. */
  #mostOf(): string {
    const counts = new Map<string, string[]>();
    for (const [key, { namespace }] of this.#questions) counts.set(namespace, [...(counts.get(namespace) ?? []), key]);
    const [most = []] = [...counts.values()].sort((a, b) => b.length - a.length);
    return most[0] ?? '';
  }
}
