import type { ClusterStatus } from '../status/clusterStatus.ts';
import type { PageRow } from './rowFilter.ts';

/** What there is to show at a moment. */
export interface View {
  readonly status: ClusterStatus;
  /** By the keys of workloads. */
  readonly rows: ReadonlyMap<string, PageRow>;
  /** Whether this process leads. Others know only what the leader publishes. */
  readonly isLeader: boolean;
}

/** There is nothing to show yet, and why. */
export interface NoView {
  readonly nothing: string;
}
