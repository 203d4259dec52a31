/** How long a change waits for others that share its write, in milliseconds. */
export const SHARED_WITHIN = 500;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes something as a whole whenever it has changed. One write runs at a time; changes during a write, or close to each other, share the
 * next one.
 */
export class SharedWrites {
  readonly #write: () => Promise<void>;
  readonly #sleep: ((milliseconds: number) => Promise<void>) | undefined;
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** A change waits for no others. */
  #isUrgent = false;
  #isPlanned = false;

  /**
   * @param write writes everything as it is then
   * @param sleep waits for others; a rejection ends the wait. Without it no change waits
   */
  constructor(write: () => Promise<void>, sleep?: (milliseconds: number) => Promise<void>) {
    this.#write = write;
    this.#sleep = sleep;
  }

  /** @returns a promise that resolves when everything as it is now has been written, at once */
  now(): Promise<void> {
    const written = this.#next();
    this.#begin();
    return written;
  }

  /** @returns a promise that resolves when everything as it is now has been written, with changes of the next half second */
  soon(): Promise<void> {
    if (!this.#sleep) return this.now();
    const written = this.#next();
    void this.#plan(this.#sleep);
    return written;
  }

  /** Forgets the changes that wait, and rejects them with the reason. */
  drop(why: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(why);
  }

  #next(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ resolve, reject });
    return promise;
  }

  /** However the wait ends, what waits is written or rejected. */
  async #plan(sleep: (milliseconds: number) => Promise<void>): Promise<void> {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    await sleep(SHARED_WITHIN).catch(() => undefined);
    this.#isPlanned = false;
    if (this.#waiting.length > 0) this.#begin();
  }

  #begin(): void {
    this.#isUrgent = true;
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#isUrgent) {
      this.#isUrgent = false;
      const served = this.#waiting.splice(0);
      try {
        await this.#write();
        for (const { resolve } of served) resolve();
      } catch (error) {
        for (const { reject } of served) reject(error);
      }
    }
    this.#isWriting = false;
  }
}
