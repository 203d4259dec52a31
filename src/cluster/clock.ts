import { setTimeout as after } from 'node:timers/promises';

/** The time as a dependency, so that tests do not have to wait. */
export interface Clock {
  /** Milliseconds of a monotonic clock; only differences count. */
  now(): number;
  /** Resolves after `ms` milliseconds, rejects when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => after(ms, undefined, signal && { signal }),
};

/**
 * Milliseconds since the epoch: from the wall clock when this process began, and from the monotonic clock since then. A change of the wall
 * clock does not affect it. Use it for every wait. Times that users read or that others compare come from the wall clock.
 */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
