import { bareController, readReplicas } from './bareController.ts';
import type { OwnerKind } from './ownerKind.ts';

/** apps/v1 ReplicaSet without a Deployment. */
export const replicaSet: OwnerKind = {
  ...bareController,
  kind: 'ReplicaSet',
  group: 'apps',
  version: 'v1',
  resource: 'replicasets',
  read: readReplicas,
  podCreator: 'replicaset-controller',
};
