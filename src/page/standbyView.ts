import { keyOf } from '../model.ts';
import type { ClusterStatus } from '../status/clusterStatus.ts';
import { pageRow } from './pageRow.ts';
import type { View } from './view.ts';

/** What a process shows that does not lead: the workloads that the leader publishes, which are not all. */
export const standbyView = (status: ClusterStatus): View => ({
  status,
  rows: new Map(status.document.workloads.map((row) => [keyOf(row), pageRow(row)])),
  isLeader: false,
});
