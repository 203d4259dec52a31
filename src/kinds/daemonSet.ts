import { byTemplateAnnotation } from '../restart/byTemplateAnnotation.ts';
import { evictsOnDelete, ON_DELETE, UPDATE_PENDING } from './onDelete.ts';
import type { OwnerKind } from './ownerKind.ts';
import { type RawSpec, strategyOf } from './rawWorkload.ts';
import { share } from './share.ts';

/** apps/v1 DaemonSet. */
export const daemonSet: OwnerKind = {
  kind: 'DaemonSet',
  group: 'apps',
  version: 'v1',
  resource: 'daemonsets',
  read: (spec, status) => {
    const desired = status.desiredNumberScheduled ?? 0;
    return {
      rollout: {
        observedGeneration: status.observedGeneration ?? 0,
        desired,
        existing: status.currentNumberScheduled ?? 0,
        updated: status.updatedNumberScheduled ?? 0,
        ready: status.numberReady ?? 0,
        available: status.numberAvailable ?? 0,
      },
      maxUnavailable: maxUnavailableOf(spec, desired),
      maxSurge: share(strategyOf(spec)?.rollingUpdate?.maxSurge ?? 0, desired, Math.ceil),
    };
  },
  addedLabels: { 'controller-revision-hash': '', 'pod-template-generation': '' },
  isPerNode: true,
  podCreator: 'daemon-set-controller',
  leftToDo: () => undefined,
  refuses: ({ strategy }, { onDelete }) =>
    strategy === 'RollingUpdate' || (strategy === ON_DELETE && onDelete === 'evict') ? undefined : strategy,
  actuator: byTemplateAnnotation,
  evicts: evictsOnDelete,
  refused: [
    {
      what: 'update strategy `OnDelete` unless `--on-delete=evict`',
      why: 'its controller replaces no pod by itself, and operators such as rollout-operator delete only pods of StatefulSets',
    },
  ],
  waitsFor: [
    UPDATE_PENDING,
    {
      what: 'pods on nodes that are not Ready',
      why: 'its controller counts them as unavailable, and replaces no other pod while the limit of unavailable pods is reached',
    },
  ],
};

/** Rounded up, and 1 where both it and maxSurge come to 0 (kubernetes pkg/controller/daemon/update.go updatedDesiredNodeCounts). */
function maxUnavailableOf(spec: RawSpec, desired: number): number {
  const { maxUnavailable, maxSurge } = strategyOf(spec)?.rollingUpdate ?? {};
  const unavailable = share(maxUnavailable ?? 1, desired, Math.ceil);
  const surge = share(maxSurge ?? 0, desired, Math.ceil);
  return unavailable === 0 && surge === 0 ? 1 : unavailable;
}
