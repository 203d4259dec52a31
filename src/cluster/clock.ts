import { setTimeout as after } from 'node:timers/promises';

/** The time as a dependency, so that tests need not wait. */
export interface Clock {
  /** Milliseconds of a monotonic clock; only differences mean something. */
  now(): number;
  /** Resolves after `ms` milliseconds, rejects when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => after(ms, undefined, signal && { signal }),
};

/**
 * Milliseconds since the epoch: by the wall clock when this process began, and by the monotonic clock from then on. Setting the wall clock
 * does not move it. For everything that waits; times that people read or that others compare come from the wall clock.
 */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
