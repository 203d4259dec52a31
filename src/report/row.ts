import type { Drift } from '../compare/drift.ts';
import { sidecarWord, type Verdict } from '../compare/verdict.ts';
import { isAsked } from '../expect/mesh.ts';
import type { WorkloadKind } from '../model.ts';
import type { AssessedSidecar } from '../plan/assessed.ts';
import { meansOutage } from '../plan/budget.ts';
import { doNotDisruptWords } from '../plan/doNotDisrupt.ts';
import { lastRestart } from '../plan/knownRestarts.ts';
import { isQueued, type Plan, type Planned, type Step } from '../plan/plan.ts';
import type { ReasonCode } from '../plan/reasonCatalogue.ts';
import type { Reason } from '../reasons.ts';
import { timestamp } from '../rfc3339.ts';

/** The decision about one workload as flat fields. The printed plan, the log and the metrics all use it. */
export interface Row {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly verdict: Verdict['state'];
  readonly action: Step['action'];
  /** A code from the catalogue of reasons; empty if no reason is needed. */
  readonly reason: ReasonCode | '';
  readonly detail: string;
  /** RFC 3339; when a timed wait ends. */
  readonly until?: string;
  /** The name of its wave; absent without waves in the policy. */
  readonly wave?: string;
  /** Position in the order of restarts, from 1. */
  readonly order?: number;
  readonly drifts: readonly string[];
  readonly pods?: number;
  readonly outdatedPods?: number;
  readonly from?: string;
  readonly to?: string;
  /** The name of the sidecar in the policy; absent for Istio's proxy. */
  readonly sidecar?: string;
  readonly revision?: string;
  readonly webhook?: string;
  /** Its other sidecars, if other sources are about it. */
  readonly others?: readonly OtherSidecar[];
  /** Whether its rollout may leave no running pod for a while. */
  readonly outage?: true;
  /** Who asks not to disrupt its pods, of an outdated workload. The policy says whether that counts (`doNotDisrupt`). */
  readonly doNotDisrupt?: string;
  /** The outcome of Meltemi's last restart of it. */
  readonly lastOutcome?: string;
}

/** The verdict on another sidecar of a workload. */
export type OtherSidecar = Pick<Row, 'sidecar' | 'verdict' | 'reason' | 'detail' | 'drifts' | 'from' | 'to'>;

/** The rows of a plan: first what is restarted, in order, then what waits, then the rest by name. */
export function rowsOf({ items }: Pick<Plan, 'items'>): Row[] {
  let queued = 0;
  const rows = items.map((one) => {
    if (!isQueued(one.step)) return rowOf(one);
    queued += 1;
    return rowOf(one, queued);
  });
  return rows.sort((a, b) => rank(a) - rank(b) || compare(sortKey(a), sortKey(b)));
}

const rank = ({ order, verdict }: Row): number =>
  order ??
  Number.MAX_SAFE_INTEGER - (verdict === 'current' ? 0 : verdict === 'skipped' ? 1 : verdict === 'outdated' ? 3 : 2);
const sortKey = ({ namespace, kind, name }: Row): string => `${namespace}/${kind}/${name}`;
const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

/**
 * The decision about one workload.
 * @param order its place in the queue; undefined if it has none, or that does not matter
 * @param ahead milliseconds that the wall clock is ahead of the steady one, by which waits end
 */
export function rowOf(planned: Planned, order?: number, ahead = 0): Row {
  const { workload, verdict, injection, step } = planned;
  const { code, detail }: Pick<Row, 'detail'> & { code: Row['reason'] } = reasonOf(verdict, step) ?? NO_REASON;
  const outcome = lastRestart(planned)?.outcome;
  const asked = verdict.state === 'outdated' ? doNotDisruptWords(planned) : undefined;
  return {
    kind: workload.kind,
    namespace: workload.namespace,
    name: workload.name,
    verdict: verdict.state,
    action: step.action,
    reason: code,
    detail,
    drifts: driftsIn(verdict),
    ...('until' in step && step.until !== undefined && { until: timestamp(step.until + ahead) }),
    ...(planned.wave !== undefined && { wave: planned.wave }),
    ...(order !== undefined && { order }),
    ...('outdatedPods' in verdict && {
      pods: verdict.pods,
      outdatedPods: verdict.outdatedPods,
      from: sidecarWord(verdict.actual),
    }),
    ...('expected' in verdict && { to: sidecarWord(verdict.expected) }),
    ...(planned.source && { sidecar: planned.source.name }),
    ...(injection &&
      isAsked(injection) && {
        ...(injection.entry.revision && { revision: injection.entry.revision }),
        webhook: `${injection.entry.configuration}/${injection.entry.name}`,
      }),
    ...(verdict.state === 'outdated' && meansOutage(workload) && { outage: true }),
    ...(asked !== undefined && { doNotDisrupt: asked }),
    ...(outcome && { lastOutcome: outcome }),
    ...(planned.others && { others: planned.others.map(otherOf) }),
  };
}

function otherOf({ source, verdict }: AssessedSidecar): OtherSidecar {
  const { code, detail } = 'reason' in verdict ? verdict.reason : NO_REASON;
  return {
    ...(source && { sidecar: source.name }),
    verdict: verdict.state,
    reason: code,
    detail,
    drifts: driftsIn(verdict),
    ...('actual' in verdict && { from: sidecarWord(verdict.actual) }),
    ...('expected' in verdict && { to: sidecarWord(verdict.expected) }),
  };
}

const driftsIn = (verdict: Verdict): readonly Drift[] => ('drifts' in verdict ? (verdict.drifts ?? []) : []);

const NO_REASON = { code: '', detail: '' } as const;

function reasonOf(verdict: Verdict, step: Step): Reason<ReasonCode> | undefined {
  if ('reason' in step) return step.reason;
  return 'reason' in verdict ? verdict.reason : undefined;
}
