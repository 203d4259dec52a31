/** Lets one loop sleep until a time has come, something rings, or a signal aborts. A ring while nobody waits is kept. */
export class Alarm {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** @param limit milliseconds to wait at the most */
  async wait(limit: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) await this.#sleep(limit, signal);
    this.#rung = false;
  }

  #sleep(limit: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, limit);
      const self = this;
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        self.#wake = undefined;
        resolve();
      }
    });
  }
}
