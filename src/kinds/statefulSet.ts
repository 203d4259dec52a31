import { byTemplateAnnotation } from '../restart/byTemplateAnnotation.ts';
import type { OwnerKind } from './ownerKind.ts';
import { strategyOf } from './rawWorkload.ts';
import { replicaReport } from './replicaReport.ts';
import { ON_DELETE, unlessRollingUpdate } from './rollingUpdateOnly.ts';
import { share } from './share.ts';

/** apps/v1 StatefulSet. */
export const statefulSet: OwnerKind = {
  kind: 'StatefulSet',
  group: 'apps',
  version: 'v1',
  resource: 'statefulsets',
  read: (spec, status) => {
    const rollout = replicaReport(spec, status);
    const { maxUnavailable } = strategyOf(spec)?.rollingUpdate ?? {};
    // rounded down to at least 1 (kubernetes pkg/controller/statefulset/stateful_set_utils.go getStatefulSetMaxUnavailable)
    return { rollout, maxUnavailable: Math.max(1, share(maxUnavailable ?? 1, rollout.desired, Math.floor)) };
  },
  addedLabels: {
    'controller-revision-hash': '',
    'statefulset.kubernetes.io/pod-name': '',
    'apps.kubernetes.io/pod-index': '',
  },
  hasOrdinals: true,
  podCreator: 'statefulset-controller',
  leftToDo: ({ partition, rollout: { currentRevision, updateRevision } }) =>
    partition === 0 && currentRevision !== updateRevision
      ? 'the update revision is not the current one yet'
      : undefined,
  refuses: unlessRollingUpdate,
  actuator: byTemplateAnnotation,
  refused: [
    ON_DELETE,
    { what: 'a partition that covers every pod', why: 'a rollout would replace none of them (reason `partitioned`)' },
  ],
  waitsFor: [],
};
