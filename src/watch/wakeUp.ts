import type { Clock } from '../cluster/clock.ts';

/** Lets a loop sleep until a time is reached, it is woken, or a signal aborts. A wake-up while the loop is busy is not lost. */
export class WakeUp {
  readonly #sleep: Clock['sleep'];
  #rung = false;
  #wake: AbortController | undefined;

  constructor(sleep: Clock['sleep']) {
    this.#sleep = sleep;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.abort();
  }

  /** @param limit milliseconds to wait at the most */
  async wait(limit: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      this.#wake = new AbortController();
      await this.#sleep(limit, AbortSignal.any([this.#wake.signal, signal])).catch(() => undefined);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
