/**
 * What was made from a key is the same object as long as somebody else has it. Others may choose the keys, and there may be new ones for as
 * long as the process lives: what nobody has any more takes no memory.
 */
export class WeakValueMap<V extends object> {
  readonly #values = new Map<string, WeakRef<V>>();
  readonly #collected = new FinalizationRegistry<string>((key) => {
    // something else may have been made from the key since
    if (this.#values.get(key)?.deref() === undefined) this.#values.delete(key);
  });

  get size(): number {
    return this.#values.size;
  }

  /** What was made from a key before, if it is still there, or what is made from it now. */
  getOrMake(key: string, make: () => V): V {
    const known = this.#values.get(key)?.deref();
    if (known) return known;
    const made = make();
    this.#values.set(key, new WeakRef(made));
    this.#collected.register(made, key);
    return made;
  }
}
