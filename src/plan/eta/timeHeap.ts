/** Things by the number that they wait for, the lowest first: times, or places in a queue. */
export class TimeHeap<T> {
  readonly #at: number[] = [];
  readonly #what: T[] = [];

  get size(): number {
    return this.#at.length;
  }

  /** The lowest number; infinite if there is none. */
  get first(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, what: T): void {
    let index = this.#at.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#at[parent] as number;
      if (above <= at) break;
      this.#at[index] = above;
      this.#what[index] = this.#what[parent] as T;
      index = parent;
    }
    this.#at[index] = at;
    this.#what[index] = what;
  }

  /** Takes what has the lowest number. */
  pop(): T | undefined {
    const taken = this.#what[0];
    const at = this.#at.pop();
    const what = this.#what.pop();
    if (at === undefined || this.#at.length === 0) return taken;
    const { length } = this.#at;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < length && (this.#at[child + 1] as number) < (this.#at[child] as number)) child += 1;
      if (child >= length || (this.#at[child] as number) >= at) break;
      this.#at[index] = this.#at[child] as number;
      this.#what[index] = this.#what[child] as T;
      index = child;
    }
    this.#at[index] = at;
    this.#what[index] = what as T;
    return taken;
  }
}
