import { counted } from '../counted.ts';
import { excerpt } from '../excerpt.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { KindPolicy } from '../kinds/kindPolicy.ts';
import { kindOf } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Drift, type DriftRules, isLookedFor } from './drift.ts';
import { countOf, type PodGroup } from './podGroups.ts';
import { isInTemplate } from './seenBySource.ts';
import type { Verdict } from './verdict.ts';

const ORPHANED: readonly Drift[] = ['orphaned'];
/** The container that Istio's injector adds. */
const PROXY = { container: 'istio-proxy' };

/** A revision is a label value, which is never longer. A pod's annotation can contain anything. */
const LONGEST_REVISION = 63;

/** What is expected of pods that no injector would inject: no sidecar. */
export const noSidecar = (source?: string): ExpectedSidecar => ({
  image: '',
  revision: '',
  placement: 'none',
  ...(source !== undefined && { source }),
});

/** What is known of a workload that nobody would inject. */
export interface Uninjected {
  readonly workload: Workload;
  readonly groups: readonly PodGroup[];
  /** Istio's proxy if undefined. */
  readonly source: SidecarSource | undefined;
  /** Why nobody would inject it. */
  readonly why: Reason;
  /**
   * Why that may be a fault of the cluster and not somebody's wish, so that the pods keep their sidecars; undefined if nothing suggests it.
   */
  readonly doubt?: string;
  /** The revisions whose injectors there are; absent if that says nothing. */
  readonly revisions?: readonly string[];
}

/** The verdict on a workload that no injector would inject: its pods have no sidecar, or they have one and are orphaned. */
export function judgeUninjected(
  { workload, groups, source, why, doubt, revisions }: Uninjected,
  rules: DriftRules & KindPolicy,
): Verdict {
  const carriers = groups.filter(({ sidecar }) => sidecar.injected && sidecar.placement !== 'none');
  const [first, ...others] = carriers;
  if (!first) return { state: 'skipped', reason: why };
  const missing = doubt ?? whyMissing(carriers, revisions);
  // what is in the template stays
  const isLost = missing !== undefined && !isInTemplate(source ?? PROXY, workload.template);
  const doubted = isLost ? { doubt: missing } : {};
  if (!isLookedFor('orphaned', rules)) return { state: 'skipped', reason: why, ...doubted };
  const outdatedPods = countOf(carriers);
  const held = missing ?? whyKept(workload, source, rules);
  if (!rules.restartOn.has('orphaned') || held !== undefined) {
    const kept = held === undefined || !rules.restartOn.has('orphaned') ? '' : `; it is not restarted: ${held}`;
    const detail = `${counted(outdatedPods, 'pod')} ${outdatedPods === 1 ? 'carries' : 'carry'} a sidecar although ${why.detail}${kept}`;
    return { state: 'skipped', reason: reason('orphaned', detail), drifts: ORPHANED, ...doubted };
  }
  const largest = others.reduce((best, group) => (best.count >= group.count ? best : group), first);
  return {
    state: 'outdated',
    expected: noSidecar(source?.name),
    drifts: ORPHANED,
    outdatedPods,
    pods: countOf(groups),
    outdatedGroups: carriers,
    actual: largest.sidecar,
  };
}

/**
 * An injector may inject by default, without labels (`enableNamespacesByDefault` of Istio's chart), or by labels of a platform. Then no
 * label shows that its configuration is only missing. The revision of its pods does.
 */
function whyMissing(carriers: readonly PodGroup[], revisions: readonly string[] | undefined): string | undefined {
  const gone = carriers.find(({ sidecar: { revision } }) => revision !== '' && revisions?.includes(revision) === false);
  return gone && `no injector of revision ${excerpt(gone.sidecar.revision, LONGEST_REVISION)} is left`;
}

/** Why a restart would not help; undefined if it would. A container of the template stays, and with Istio's it may not even start. */
function whyKept(workload: Workload, source: SidecarSource | undefined, policy: KindPolicy): string | undefined {
  const { container } = source ?? PROXY;
  if (isInTemplate({ container }, workload.template)) return `its template has a container ${container}`;
  return kindOf(workload)?.refuses(workload, policy);
}
