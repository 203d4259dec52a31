/**
 * A map as it was at some time. Snapshots that follow each other share the places of their keys, so a snapshot costs little more than the
 * copy of a list.
 */
class Snapshot<K, V> implements ReadonlyMap<K, V> {
  /** Its keys in order, and their values in the same places. A later snapshot has the same list of keys if no key was added or deleted. */
  readonly keyList: readonly K[];
  readonly valueList: readonly V[];
  /** It may have keys that were added later; their places lie behind the end of this snapshot. */
  readonly #places: ReadonlyMap<K, number>;

  constructor(keyList: readonly K[], valueList: readonly V[], places: ReadonlyMap<K, number>) {
    this.keyList = keyList;
    this.valueList = valueList;
    this.#places = places;
  }

  get size(): number {
    return this.keyList.length;
  }

  has(key: K): boolean {
    return (this.#places.get(key) ?? Number.POSITIVE_INFINITY) < this.size;
  }

  get(key: K): V | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.valueList[place];
  }

  keys(): MapIterator<K> {
    return this.keyList.values();
  }

  values(): MapIterator<V> {
    return this.valueList.values();
  }

  *entries(): Generator<[K, V], undefined> {
    for (let place = 0; place < this.size; place++) yield [this.keyList[place] as K, this.valueList[place] as V];
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }
}

/**
 * A map that hands out snapshots of itself. It makes another one only after a change, so that you may ask often. Make it empty: a Map that
 * is made from entries calls `set` before there is anything else of it.
 */
export class SnapshotMap<K, V> extends Map<K, V> {
  #snapshot: Snapshot<K, V> | undefined;
  /** What the next snapshot is made of. Snapshots keep the lists, so a list is copied before it changes. */
  #keys: readonly K[] = [];
  #values: readonly V[] = [];
  #places = new Map<K, number>();
  /** What was set since the last snapshot. */
  readonly #changed = new Set<K>();
  /** A key was deleted since, so that everything has another place. */
  #isMoved = false;

  /** What it has now, as a map that does not change. */
  snapshot(): Snapshot<K, V> {
    this.#snapshot ??= this.#next();
    return this.#snapshot;
  }

  #next(): Snapshot<K, V> {
    if (this.#isMoved) {
      this.#keys = [...this.keys()];
      this.#values = [...this.values()];
      this.#places = new Map(this.#keys.map((key, place) => [key, place]));
    } else {
      const added = [...this.#changed].filter((key) => !this.#places.has(key));
      const values = [...this.#values];
      for (const [index, key] of added.entries()) this.#places.set(key, this.#keys.length + index);
      for (const key of this.#changed) values[this.#places.get(key) as number] = this.get(key) as V;
      if (added.length > 0) this.#keys = [...this.#keys, ...added];
      this.#values = values;
    }
    this.#isMoved = false;
    this.#changed.clear();
    return new Snapshot(this.#keys, this.#values, this.#places);
  }

  override set(key: K, value: V): this {
    this.#snapshot = undefined;
    this.#changed.add(key);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    const isDeleted = super.delete(key);
    if (isDeleted) this.#moved();
    return isDeleted;
  }

  override clear(): void {
    super.clear();
    this.#moved();
  }

  #moved(): void {
    this.#snapshot = undefined;
    this.#isMoved = true;
  }
}
