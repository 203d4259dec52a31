import type { Labels } from '../model.ts';
import { bareController, readReplicas } from './bareController.ts';
import type { OwnerKind } from './ownerKind.ts';
import { WORKLOAD } from './rawWorkload.ts';

/** v1 ReplicationController. Its selector is a map of labels (kubernetes api/core/v1/types.go). */
export const replicationController: OwnerKind = {
  ...bareController,
  kind: 'ReplicationController',
  group: '',
  version: 'v1',
  resource: 'replicationcontrollers',
  shape: { ...WORKLOAD, spec: { ...(WORKLOAD as { spec: object }).spec, selector: 'labels' } },
  read: (spec, status) => ({
    ...readReplicas(spec, status),
    // its type was checked against `shape`
    selector: { matchLabels: (spec.selector ?? {}) as Labels },
  }),
  podCreator: 'replication-controller',
};
