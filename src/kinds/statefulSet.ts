import { byTemplateAnnotation } from '../restart/byTemplateAnnotation.ts';
import { evictsOnDelete, ON_DELETE, UPDATE_PENDING } from './onDelete.ts';
import type { OwnerKind } from './ownerKind.ts';
import { strategyOf } from './rawWorkload.ts';
import { replicaReport } from './replicaReport.ts';
import { rolloutGroupOf } from './rolloutGroup.ts';
import { share } from './share.ts';

/** apps/v1 StatefulSet. */
export const statefulSet: OwnerKind = {
  kind: 'StatefulSet',
  group: 'apps',
  version: 'v1',
  resource: 'statefulsets',
  read: (spec, status, metadata) => {
    const rollout = replicaReport(spec, status);
    const { maxUnavailable } = strategyOf(spec)?.rollingUpdate ?? {};
    // rounded down to at least 1 (kubernetes pkg/controller/statefulset/stateful_set_utils.go getStatefulSetMaxUnavailable)
    const atLeastOne = Math.max(1, share(maxUnavailable ?? 1, rollout.desired, Math.floor));
    return { rollout, maxUnavailable: atLeastOne, ...rolloutGroupOf(metadata) };
  },
  addedLabels: {
    'controller-revision-hash': '',
    'statefulset.kubernetes.io/pod-name': '',
    'apps.kubernetes.io/pod-index': '',
  },
  hasOrdinals: true,
  podCreator: 'statefulset-controller',
  // with OnDelete its controller never takes the update revision for the current one (stateful_set_control.go completeRollingUpdate)
  leftToDo: ({ strategy, partition, rollout: { currentRevision, updateRevision } }) =>
    strategy !== ON_DELETE && partition === 0 && currentRevision !== updateRevision
      ? 'the update revision is not the current one yet'
      : undefined,
  refuses: ({ strategy }, { onDelete }) =>
    strategy === 'RollingUpdate' || (strategy === ON_DELETE && onDelete !== 'never') ? undefined : strategy,
  actuator: byTemplateAnnotation,
  evicts: evictsOnDelete,
  refused: [
    { what: 'update strategy `OnDelete` with `--on-delete=never`', why: 'its controller replaces no pod by itself' },
    { what: 'a partition that covers every pod', why: 'a rollout would replace none of them (reason `partitioned`)' },
  ],
  waitsFor: [UPDATE_PENDING],
};
