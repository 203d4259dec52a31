import type { Clock } from '../../../src/cluster/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly ms: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { at: this.#now + ms, ms, wake: resolve };
    if (signal?.aborted) reject(signal.reason);
    else this.#sleepers.push(sleeper);
    signal?.addEventListener('abort', () => {
      this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
      reject(signal.reason);
    });
    return promise;
  }

  /** How long each sleeper wanted to sleep, in milliseconds. */
  get sleeping(): number[] {
    return this.#sleepers.map(({ ms }) => ms);
  }

  /** Time passes without waking anybody, as for a process that is stopped; who is due wakes at the next `advance`. */
  pass(ms: number): void {
    this.#now += ms;
  }

  advance(ms: number): void {
    this.pass(ms);
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
  }
}
