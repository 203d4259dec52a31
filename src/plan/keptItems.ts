import type { ItemNews } from './followedItems.ts';
import type { Planned } from './plan.ts';

/** Those workloads of an evaluation that are wanted. Only what has changed since the evaluation before is looked at. */
export class KeptItems {
  readonly #isWanted: (one: Planned) => boolean;
  readonly #items = new Set<Planned>();

  constructor(isWanted: (one: Planned) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Those of an evaluation, which brings this news. */
  after({ isAnew, added, gone }: ItemNews): ReadonlySet<Planned> {
    if (isAnew) this.#items.clear();
    for (const one of gone) this.#items.delete(one);
    for (const one of added) if (this.#isWanted(one)) this.#items.add(one);
    return this.#items;
  }
}
