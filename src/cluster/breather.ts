import { setImmediate } from 'node:timers/promises';

/** Milliseconds of work after which other work gets a turn, such as a renewal of the Lease or an answer to a probe. */
const LONG_MS = 20;

/** Divides long work, so that it does not stop everything else in the process. */
export class Breather {
  #since = performance.now();

  get isDue(): boolean {
    return performance.now() - this.#since > LONG_MS;
  }

  /** Lets whatever else is due run. */
  async breathe(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
