import type { KeptWorkload } from './keptWorkload.ts';

/** From so many workloads on that may have moved, the order is sorted anew, which is a long step. */
export const MANY = 200;

/** The places of workloads in the order of the plan. Where few have moved, only these are moved. */
export class KeptOrder {
  readonly #listed: readonly KeptWorkload[];
  readonly #places: number[];

  /** @param listed all workloads, each at its place */
  constructor(listed: readonly KeptWorkload[]) {
    this.#listed = listed;
    this.#places = listed.map(({ place }) => place);
  }

  get places(): readonly number[] {
    return this.#places;
  }

  /** Puts workloads where they belong now. @param keyOf what the order goes by */
  move(again: ReadonlySet<KeptWorkload>, keyOf: (one: KeptWorkload) => string): void {
    const isSortedAnew = again.size >= MANY || again.size === this.#places.length;
    let moved = 0;
    for (const one of again) {
      const key = keyOf(one);
      if (key === one.orderKey) continue;
      if (!isSortedAnew) this.#places.splice(this.#indexOf(one.orderKey), 1);
      one.orderKey = key;
      if (!isSortedAnew) this.#places.splice(this.#indexOf(key), 0, one.place);
      moved += 1;
    }
    if (isSortedAnew && moved > 0) {
      const keys = this.#listed.map(({ orderKey }) => orderKey);
      this.#places.sort((a, b) => Number(at(keys, a) > at(keys, b)) - Number(at(keys, a) < at(keys, b)));
    }
  }

  /** Where a key stands in the order, or would stand. */
  #indexOf(key: string): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(this.#listed, at(this.#places, middle)).orderKey < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** An item of a list that has one at this place. */
const at = <T>(list: readonly T[], place: number): T => list[place] as T;
