import type { WorkloadRef } from '../model.ts';
import type { NewsEvent } from './receiver.ts';

/** Workloads of a run, counted. */
export interface RunCounts {
  readonly outdated: number;
  readonly inFlight: number;
  readonly verified: number;
  readonly failed: number;
  /** Outdated, and neither in flight nor failed. */
  readonly waiting: number;
}

/** A workload that a notification is about. */
export interface NotifiedWorkload extends WorkloadRef {
  /** A code: an outcome, or the reason why it waits. */
  readonly reason: string;
}

/** News as receivers get it. It is journalled until every receiver has it, so its size is bounded. */
export interface Notification {
  /** The same when it is sent again after a crash. */
  readonly id: string;
  readonly event: NewsEvent;
  readonly revision: string;
  /** When it became news; milliseconds of the wall clock. */
  readonly at: number;
  readonly text: string;
  readonly counts: RunCounts;
  readonly workloads: readonly NotifiedWorkload[];
}

/** A notification that some receivers have not got yet. */
export interface Untold extends Notification {
  /** The receivers, by `receiverName`. */
  readonly to: readonly string[];
}
