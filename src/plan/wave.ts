import type { Filter } from '../expect/filter.ts';

/** A wave of the policy: workloads that are restarted before those of the next wave. Times are in milliseconds. */
export interface Wave {
  readonly name: string;
  /** At least one of these must match. */
  readonly match: readonly Filter[];
  /** Of the workloads that match, how many per cent are in it; the others are in a later wave. */
  readonly percent?: number;
  /** How long the next wave waits after the last of its restarts has ended. */
  readonly bake: number;
  /** Names of metric gates that hold it and the end of its bake. */
  readonly gates: readonly string[];
  /** Its own limit of restarts in flight, below the overall one. */
  readonly maxInFlight?: number;
  /** Failed restarts of one run that do not hold the next waves. */
  readonly maxFailures: number;
}

/** The name of the wave of everything that no wave of the policy matches. */
export const REST = 'rest';

/** The wave of everything that no other wave matches. Nothing waits for it, so nothing in it is too much. */
export const REST_WAVE: Wave = { name: REST, match: [], bake: 0, gates: [], maxFailures: Number.POSITIVE_INFINITY };

export const WAVE_STATES = ['waiting', 'running', 'baking', 'failed', 'done'] as const;
export type WaveState = (typeof WAVE_STATES)[number];

/** How far a wave of a run is. Plan, status, page, metrics and notifications show it. */
export interface WaveProgress {
  readonly name: string;
  readonly state: WaveState;
  /** Why it is not done, in words; absent when it is. */
  readonly detail?: string;
  /** When a timed state ends, in milliseconds of the steady clock. */
  readonly until?: number;
  /** Workloads in it that the run concerns, without those that are skipped. */
  readonly total: number;
  readonly current: number;
  readonly inFlight: number;
  /** Their last restart of the run failed, and they are not current. */
  readonly failed: number;
  /** Outdated, and neither in flight nor failed. */
  readonly waiting: number;
  /** When it is expected to be done, in milliseconds of the wall clock. */
  readonly eta?: { readonly median: number; readonly p90: number };
}

/** How far the waves of a run are, in their order. Without waves in the policy, everything is in the wave `rest`. */
export interface RunWaves {
  readonly run: string;
  readonly waves: readonly WaveProgress[];
}
