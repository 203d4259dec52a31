import type { Intermediate } from './ownerKind.ts';

/** The ReplicaSets between a workload and its pods. */
export const replicaSets: Intermediate = {
  kind: 'ReplicaSet',
  group: 'apps',
  version: 'v1',
  resource: 'replicasets',
};
