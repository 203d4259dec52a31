/**
 * Lets so many work at a time. The others wait: first come, first served for each who asks, and those who ask take turns, so that
 * nobody's many keep others waiting.
 */
export class Turns {
  /** Those who wait, by whose they are; the next to be served comes first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #free: number;

  constructor(atATime: number) {
    this.#free = atATime;
  }

  /** @param whose among whom the turns are shared, a namespace for example */
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
