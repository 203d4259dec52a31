import type { StatusDocument } from './statusDocument.ts';

/** Who holds the Lease, as far as it says. */
export interface LeaderFacts {
  /** Empty if nobody does, or if there is no election. */
  readonly holder: string;
  /** RFC 3339; absent if it was never renewed. */
  readonly renewedAt?: string;
  /** Whether it renews the Lease, or publishes, as often as a leader does. */
  readonly isAlive: boolean;
}

/** What the controller of a workload in flight says about its rollout. */
export interface RolloutFacts {
  readonly state: 'complete' | 'progressing' | 'stuck';
  readonly detail: string;
  /** The latest Warning that explains why there is no progress. */
  readonly problem?: string;
}

/** What is known of one cluster, from its Lease and from the workloads in flight. */
export interface ClusterStatus {
  /** The name of the kubeconfig's context, or the address of the API server. */
  readonly cluster: string;
  /** The namespace of Meltemi. */
  readonly home: string;
  /** Why no restart may begin, if a user has paused Meltemi on its Lease. */
  readonly paused?: string;
  readonly leader: LeaderFacts;
  readonly document: StatusDocument;
  /** By the keys of workloads in flight; those that were not read are absent. */
  readonly rollouts: ReadonlyMap<string, RolloutFacts>;
  /** What could not be read. */
  readonly warnings: readonly string[];
  /** Why nothing newer is known, if the cluster was read and cannot be read now. */
  readonly problem?: string;
}

/** Why there is no status to show. */
export interface NoStatus {
  readonly error: string;
  /** Its Meltemi has not published one yet. */
  readonly isComing?: true;
}

/** A cluster that could not be read, and why. */
export interface UnreadCluster extends NoStatus {
  readonly cluster: string;
}

/** Whether a cluster could not be read. */
export const isUnread = (one: ClusterStatus | UnreadCluster): one is UnreadCluster => 'error' in one;

/** Whether a cluster cannot be read now, although something older may be known. */
export const isNotRead = (one: ClusterStatus | UnreadCluster): boolean => isUnread(one) || one.problem !== undefined;

/** Which part of a status users want to see. */
export interface StatusChoice {
  readonly namespace?: string;
  /** The beginning of a run's identity. */
  readonly run?: string;
}
