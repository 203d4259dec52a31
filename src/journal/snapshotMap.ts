/**
 * A map that hands out copies of itself. It makes another copy only after a change, so that you may ask often. Make it empty: a Map that is
 * made from entries calls `set` before there is anything else of it.
 */
export class SnapshotMap<K, V> extends Map<K, V> {
  #copy: ReadonlyMap<K, V> | undefined;

  /** What it has now, as a map that does not change. */
  snapshot(): ReadonlyMap<K, V> {
    this.#copy ??= new Map(this);
    return this.#copy;
  }

  override set(key: K, value: V): this {
    this.#copy = undefined;
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    this.#copy = undefined;
    return super.delete(key);
  }

  override clear(): void {
    this.#copy = undefined;
    super.clear();
  }
}
