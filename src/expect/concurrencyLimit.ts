/**
 * Limits how many tasks run at a time. Tasks of one asker run in the order of their arrival. Askers take turns, so that one with many tasks
 * does not delay the others.
 */
export class ConcurrencyLimit {
  /** Waiting tasks by asker. The asker whose turn is next comes first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #free: number;

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** @param whose the asker, for example a namespace */
  async take<T>(work: () => Promise<T>, whose = ''): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#queued(whose);
    try {
      return await work();
    } finally {
      const next = this.#next();
      if (next) next();
      else this.#free += 1;
    }
  }

  #queued(whose: string): Promise<void> {
    const queue = this.#waiting.get(whose) ?? [];
    this.#waiting.set(whose, queue);
    return new Promise((resolve) => queue.push(resolve));
  }

  #next(): (() => void) | undefined {
    for (const [whose, queue] of this.#waiting) {
      const next = queue.shift();
      this.#waiting.delete(whose);
      if (queue.length > 0) this.#waiting.set(whose, queue);
      if (next) return next;
    }
    return undefined;
  }
}
