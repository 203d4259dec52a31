import { byTemplateAnnotation } from '../restart/byTemplateAnnotation.ts';
import type { OwnerKind } from './ownerKind.ts';
import { type RawSpec, strategyOf } from './rawWorkload.ts';
import { replicaReport } from './replicaReport.ts';
import { replicaSets } from './replicaSets.ts';
import { share } from './share.ts';

/** apps/v1 Deployment. */
export const deployment: OwnerKind = {
  kind: 'Deployment',
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  read: (spec, status) => {
    const rollout = replicaReport(spec, status);
    return {
      rollout,
      maxUnavailable: maxUnavailableOf(spec, rollout.desired),
      maxSurge: maxSurgeOf(spec, rollout.desired),
    };
  },
  addedLabels: { 'pod-template-hash': '' },
  through: replicaSets,
  podCreator: 'replicaset-controller',
  saysWhyPodsAreMissing: true,
  leftToDo: ({ rollout: { existing, updated } }) =>
    existing > updated ? `${existing - updated} old pods are still there` : undefined,
  refuses: ({ strategy }) => (['RollingUpdate', 'Recreate'].includes(strategy) ? undefined : strategy),
  actuator: byTemplateAnnotation,
  refused: [],
  waitsFor: [
    {
      what: 'strategy `Recreate`',
      why: 'a restart deletes all pods at once; `--recreate` decides whether Meltemi restarts it',
    },
    { what: '`spec.paused`', why: 'its controller rolls nothing out while it is paused' },
  ],
};

/**
 * Rounded down, never above the replicas, and 1 where both it and maxSurge come to 0 (kubernetes pkg/controller/deployment/util
 * ResolveFenceposts, MaxUnavailable). Recreate takes all.
 */
function maxUnavailableOf(spec: RawSpec, desired: number): number {
  if (strategyOf(spec)?.type === 'Recreate') return desired;
  const { maxUnavailable } = strategyOf(spec)?.rollingUpdate ?? {};
  const unavailable = share(maxUnavailable ?? '25%', desired, Math.floor);
  const surge = maxSurgeOf(spec, desired);
  return Math.min(unavailable === 0 && surge === 0 ? 1 : unavailable, desired);
}

/** Rounded up; Recreate makes no pod before the old ones are gone. */
function maxSurgeOf(spec: RawSpec, desired: number): number {
  const strategy = strategyOf(spec);
  return strategy?.type === 'Recreate' ? 0 : share(strategy?.rollingUpdate?.maxSurge ?? '25%', desired, Math.ceil);
}
