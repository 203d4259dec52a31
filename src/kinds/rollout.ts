import { excerpt } from '../excerpt.ts';
import type { Shape } from '../fieldTypes.ts';
import type { Workload } from '../model.ts';
import { byRestartAt } from '../restart/byRestartAt.ts';
import { parseTime, timestamp } from '../rfc3339.ts';
import { deployment } from './deployment.ts';
import type { KindFields, OwnerKind } from './ownerKind.ts';
import { type IntOrPercent, type RawSpec, type RawStatus, WORKLOAD } from './rawWorkload.ts';
import { replicaReport } from './replicaReport.ts';
import { replicaSets } from './replicaSets.ts';
import { share } from './share.ts';

/** The fields of a Rollout that other kinds do not have (argo-rollouts pkg/apis/rollouts/v1alpha1/types.go). */
interface RolloutSpec {
  readonly workloadRef?: { readonly kind?: string; readonly name?: string };
  readonly restartAt?: string;
  readonly strategy?: {
    readonly type?: string;
    readonly canary?: Steps;
    readonly blueGreen?: { readonly maxUnavailable?: IntOrPercent };
  };
}

interface Steps {
  readonly maxUnavailable?: IntOrPercent;
  readonly steps?: readonly object[];
}

interface RolloutStatus {
  readonly observedGeneration?: string | number;
  readonly abort?: boolean;
  readonly pauseConditions?: readonly { readonly reason?: string }[];
  readonly currentPodHash?: string;
  readonly stableRS?: string;
  readonly currentStepIndex?: number;
  readonly blueGreen?: { readonly activeSelector?: string };
  readonly restartedAt?: string;
  readonly phase?: string;
  readonly message?: string;
}

const SHAPE: Shape = {
  ...WORKLOAD,
  spec: {
    ...WORKLOAD.spec,
    // its CRD lets anything stand in the resources of containers, and a template is written as JSON, which recurses
    template: { metadata: { labels: 'labels', annotations: 'labels' }, spec: 'shallow' },
    workloadRef: { kind: 'string', name: 'string' },
    restartAt: 'string',
    strategy: {
      type: 'string',
      canary: { maxUnavailable: 'scalar', steps: ['object'] },
      blueGreen: { maxUnavailable: 'scalar' },
    },
  },
  status: {
    ...WORKLOAD.status,
    // Argo Rollouts writes this number as a string
    observedGeneration: 'scalar',
    abort: 'boolean',
    pauseConditions: [{ reason: 'string' }],
    currentPodHash: 'string',
    stableRS: 'string',
    currentStepIndex: 'number',
    blueGreen: { activeSelector: 'string' },
    restartedAt: 'string',
    phase: 'string',
    message: 'string',
  },
};

/** argoproj.io/v1alpha1 Rollout, of Argo Rollouts. */
export const rollout: OwnerKind = {
  kind: 'Rollout',
  group: 'argoproj.io',
  version: 'v1alpha1',
  resource: 'rollouts',
  optional: true,
  chartValue: 'argoRollouts',
  shape: SHAPE,
  read,
  addedLabels: { 'rollouts-pod-template-hash': '' },
  borrowsFrom: deployment.kind,
  through: replicaSets,
  podCreator: 'replicaset-controller',
  saysWhyPodsAreMissing: true,
  leftToDo: ({ restart }) =>
    restart && !restart.isDone ? `the restart of ${timestamp(restart.at)} is not finished` : undefined,
  refuses: ({ strategy, templateFrom }) => {
    if (!STRATEGIES.includes(strategy)) return strategy;
    return templateFrom && templateFrom.kind !== deployment.kind ? `workloadRef to a ${templateFrom.kind}` : undefined;
  },
  actuator: byRestartAt,
  refused: [
    { what: '`workloadRef` to anything but a Deployment', why: 'Meltemi cannot read its pod template' },
    {
      what: 'the Deployment of a `workloadRef`',
      why: 'the Rollout has its pods; the Deployment is listed as skipped (`scaled-by-rollout`) and not written',
    },
  ],
  waitsFor: [
    { what: '`spec.paused`', why: 'its controller restarts nothing while it is paused' },
    {
      what: 'an update that has not ended, is paused or was aborted, and a degraded Rollout (`update-pending`)',
      why: 'its owners decide what becomes of it',
    },
    { what: 'a `restartAt` that is not reached yet', why: 'its owners have planned a restart themselves' },
  ],
};

const STRATEGIES: readonly string[] = ['canary', 'blueGreen'];

function read(rawSpec: RawSpec, rawStatus: RawStatus): KindFields {
  // their types were checked against `shape`
  const [spec, status] = [rawSpec as RolloutSpec, rawStatus as RolloutStatus];
  const report = replicaReport(rawSpec, rawStatus);
  const restartAt = parseTime(spec.restartAt ?? undefined);
  const pendingUpdate = pendingIn(spec, status, report.deadlineExceeded !== undefined);
  return {
    rollout: {
      ...report,
      observedGeneration: Number(status.observedGeneration) || 0,
      // a restart replaces pods of each of its ReplicaSets, whatever their template
      updated: report.existing,
    },
    maxUnavailable: maxUnavailableOf(spec, report.desired),
    strategy: STRATEGIES.find((name) => spec.strategy && name in spec.strategy) ?? spec.strategy?.type ?? 'none',
    ...(restartAt !== undefined && {
      restart: { at: restartAt, isDone: parseTime(status.restartedAt ?? undefined) === restartAt },
    }),
    ...(pendingUpdate && { pendingUpdate }),
    ...(spec.workloadRef && {
      templateFrom: { kind: excerpt(spec.workloadRef.kind ?? ''), name: nameIn(spec.workloadRef.name ?? '') },
    }),
  };
}

/** The name of an object, which becomes part of a path; empty where there can be none of that name. */
const nameIn = (text: string): string => (/^[a-z0-9][-a-z0-9.]{0,252}$/.test(text) ? text : '');

/**
 * What of an update is not done, as the controller itself judges (argo-rollouts utils/rollout/rolloututil.go CalculateRolloutPhase). A
 * restart in progress and pods that are not available are no update. Whoever may write the status may hold this Rollout, and no other.
 */
function pendingIn(spec: RolloutSpec, status: RolloutStatus, isLate: boolean): Workload['pendingUpdate'] {
  const { abort, currentPodHash, stableRS, currentStepIndex, phase } = status;
  if (abort) return { detail: 'its update was aborted' };
  const [pause] = status.pauseConditions ?? [];
  const steps = spec.strategy?.canary?.steps?.length ?? 0;
  const step = steps > 0 && typeof currentStepIndex === 'number' ? ` at step ${currentStepIndex} of ${steps}` : '';
  if (pause) return { detail: excerpt(`its update is paused${step}: ${pause.reason ?? 'no reason given'}`) };
  if (!stableRS) return { detail: 'its first version is not promoted yet' };
  if (stableRS !== currentPodHash) return { detail: `its update is in progress${step}` };
  const active = status.blueGreen?.activeSelector;
  if (active && active !== currentPodHash) return { detail: 'its preview is not promoted yet' };
  if (phase !== 'Degraded') return undefined;
  const detail = excerpt(`it is degraded: ${status.message ?? 'no reason given'}`);
  return isLate ? { detail, isLate } : { detail };
}

/**
 * Pods that may be unavailable during a restart: at least one, whatever the strategy says (argo-rollouts rollout/restart.go). Rounded
 * down, and never above the replicas (utils/replicaset MaxUnavailable).
 */
function maxUnavailableOf({ strategy }: RolloutSpec, desired: number): number {
  const { maxUnavailable } = strategy?.blueGreen ?? strategy?.canary ?? {};
  return Math.min(desired, Math.max(1, share(maxUnavailable ?? '25%', desired, Math.floor)));
}
