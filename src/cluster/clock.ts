import { setTimeout as after } from 'node:timers/promises';

/** Time as an argument, so that no test waits for it. */
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
 * Milliseconds since the epoch as they were when this process began, and from then on by the monotonic clock: a wall clock that is set
 * forward or back moves it not at all. For everything that waits; what people read and others compare comes from the wall clock.
 */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
