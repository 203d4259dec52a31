import type { Clock } from '../cluster/clock.ts';

/** Lets one loop sleep until a time has come, something rings, or a signal aborts. A ring while the loop is busy is kept. */
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
