import type { ClusterStatus } from './clusterStatus.ts';

/** Why no restart may begin: what a user has written on the Lease, or else what the leader's policy says; undefined without a pause. */
export function pauseOf({ paused, document }: Pick<ClusterStatus, 'paused' | 'document'>): string | undefined {
  if (paused !== undefined || document.paused === undefined) return paused;
  return `${document.paused} (paused in the policy)`;
}
