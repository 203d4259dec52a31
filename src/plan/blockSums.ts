import type { Pause } from '../loopSlices.ts';

/** Small enough that a changed item costs little, large enough that all sums together are quickly put together. */
const SIZE = 64;

/**
 * Sums over a long list, one for each block of it. A block in which nothing has changed keeps its sum. So a sum that cannot be taken apart,
 * such as the first or the greatest, costs as much as what has changed.
 */
export class BlockSums<Sum> {
  #sums: readonly Sum[] = [];
  #length = 0;

  /**
   * The sums of the blocks, in order.
   * @param length how many items the list has now
   * @param changed the places whose items are other ones than before. Those that were added or cut off at the end need not be among them
   * @param sumOf makes the sum of the items from one place up to another
   */
  *of(
    length: number,
    changed: Iterable<number> | 'all',
    sumOf: (from: number, to: number) => Sum,
  ): Generator<Pause, readonly Sum[]> {
    const sums = this.#sums.slice(0, Math.ceil(length / SIZE));
    for (const block of this.#changedBlocks(length, changed)) {
      sums[block] = sumOf(block * SIZE, Math.min((block + 1) * SIZE, length));
      yield 'short';
    }
    this.#sums = sums;
    this.#length = length;
    return sums;
  }

  /** The sums as they would be with other items in these places, which are not kept. The list is as long as it was. */
  with(changed: Iterable<number>, sumOf: (from: number, to: number) => Sum): readonly Sum[] {
    const sums = [...this.#sums];
    for (const block of this.#changedBlocks(this.#length, changed))
      sums[block] = sumOf(block * SIZE, Math.min((block + 1) * SIZE, this.#length));
    return sums;
  }

  #changedBlocks(length: number, changed: Iterable<number> | 'all'): ReadonlySet<number> {
    const [places, before] = changed === 'all' ? [[], 0] : [changed, this.#length];
    const blocks = new Set<number>();
    for (const place of places) blocks.add(Math.floor(place / SIZE));
    if (before === length) return blocks;
    for (let block = Math.floor(Math.min(before, length) / SIZE); block * SIZE < length; block++) blocks.add(block);
    return blocks;
  }
}
