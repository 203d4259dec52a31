import { unsupportedKind } from '../kinds/unsupportedKinds.ts';
import type { Workload } from '../model.ts';
import { reason } from '../reasons.ts';
import { timestamp } from '../rfc3339.ts';
import { countOf, type PodGroup } from './podGroups.ts';
import type { Verdict } from './verdict.ts';

/**
 * The verdict on a workload that cannot be restarted: it is listed as `skipped`, whatever its pods are. If they are outdated, the verdict
 * says how. What is outside the mesh, or would not be injected, stays as it is.
 * @param verdict what it would be if the workload could be restarted
 */
export function unsupported(workload: Workload, verdict: Verdict, groups: readonly PodGroup[]): Verdict {
  if (verdict.state === 'skipped') return verdict;
  const detail = `${workload.kind}: ${words(workload, verdict, countOf(groups))}`;
  const why = { state: 'skipped', reason: reason('unsupported', detail) } as const;
  return verdict.state === 'outdated' ? { ...verdict, ...why } : why;
}

function words(workload: Workload, verdict: Exclude<Verdict, { state: 'skipped' }>, pods: number): string {
  if (verdict.state === 'current') return `${pods} of ${pods} pods are current`;
  if (verdict.state === 'outdated')
    return `${verdict.outdatedPods} of ${verdict.pods} pods are outdated; ${fate(workload)}`;
  return `whether its ${pods} pods are outdated is not known: ${verdict.reason.detail}`;
}

function fate({ kind, unsupported: known }: Workload): string {
  const { note } = unsupportedKind(kind);
  return known?.endsAt === undefined ? note : `${note}, at the latest at ${timestamp(known.endsAt)}`;
}
