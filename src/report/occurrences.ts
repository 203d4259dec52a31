/** How often things occur, while some come and others go. */
export class Occurrences<Key> {
  readonly #counts = new Map<Key, number>();

  /** @param by how many more there are; fewer if it is negative */
  change(key: Key, by: number): void {
    const count = this.of(key) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  of(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  clear(): void {
    this.#counts.clear();
  }

  /** Of everything that occurs. */
  get counts(): ReadonlyMap<Key, number> {
    return this.#counts;
  }
}
