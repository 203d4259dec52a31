import type { Filter } from '../../expect/filter.ts';
import type { WindowTimes } from './windowTimes.ts';

/** A maintenance window of the policy. Restarts of the workloads that it matches begin only in it, or in another that matches them. */
export interface Window extends WindowTimes {
  readonly name: string;
  /** At least one of these must match; every workload does if absent. */
  readonly match?: readonly Filter[];
}
