import type { Pause } from '../loopSlices.ts';

/** Small enough that a changed item costs little, large enough that all sums together are quickly put together. */
const SIZE = 64;

/**
 * Sums over a long list, one for each block of it. A block whose items are the same objects as before keeps its sum. So a sum that cannot
 * be taken apart, such as the first or the greatest, costs as much as what has changed.
 */
export class BlockSums<Item, Sum> {
  #items: readonly Item[] = [];
  #sums: Sum[] = [];

  /**
   * The sums of the blocks, in order.
   * @param items must not be changed afterwards
   * @param sumOf makes the sum of the items from one place up to another
   */
  *of(items: readonly Item[], sumOf: (from: number, to: number) => Sum): Generator<Pause, readonly Sum[]> {
    const sums: Sum[] = [];
    for (let from = 0; from < items.length; from += SIZE) {
      const to = Math.min(from + SIZE, items.length);
      if (this.#isSame(items, from, to)) sums.push(this.#sums[from / SIZE] as Sum);
      else {
        sums.push(sumOf(from, to));
        yield 'short';
      }
    }
    this.#items = items;
    this.#sums = sums;
    return sums;
  }

  #isSame(items: readonly Item[], from: number, to: number): boolean {
    const before = this.#items;
    if (before.length < to || (to - from < SIZE && before.length !== to)) return false;
    for (let place = from; place < to; place++) if (items[place] !== before[place]) return false;
    return true;
  }
}
