import type { Answer, ExpectedSidecar } from '../expect/answer.ts';
import type { Match } from '../expect/match.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { KindPolicy } from '../kinds/kindPolicy.ts';
import { kindOf } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import { reason } from '../reasons.ts';
import { rewritingWords } from './clusterImage.ts';
import { type DriftRules, driftsOf } from './drift.ts';
import { judgeUninjected } from './orphan.ts';
import type { PodGroup } from './podGroups.ts';
import { isInTemplate } from './seenBySource.ts';
import type { Verdict } from './verdict.ts';
import type { VerdictReasonCode } from './verdictReasons.ts';

/**
 * Assesses one workload: compares what its injector would give its next pod with what its pods have.
 * @param answer the injector's answer; undefined if no injector was asked because not exactly one entry matches
 * @param groups the pods that a rollout would replace, without terminal and terminating ones, as the source sees them
 * @param source Istio's proxy if undefined
 */
export function judge(
  workload: Workload,
  match: Match<unknown>,
  answer: Answer | undefined,
  groups: readonly PodGroup[],
  rules: DriftRules & KindPolicy,
  source?: SidecarSource,
): Verdict {
  if (workload.deleting) return skipped('deleting', 'deletion has begun');
  if (source && isInTemplate(source, workload.template))
    return skipped('template-names-image', `its template has a container ${source.container}`);
  if (match.kind === 'none') return judgeUninjected({ workload, groups, source, why: match.reason, ...match }, rules);
  if (match.kind !== 'entry') return { state: match.kind, reason: match.reason };
  const refused = kindOf(workload)?.refuses(workload, rules);
  if (refused !== undefined) return skipped('unsupported', refused);
  if (answer === undefined)
    return { state: 'unknown', reason: reason('injector-unreachable', 'the injector has not been asked yet') };
  if (answer.kind === 'unknown') return { state: 'unknown', reason: answer.reason };
  if (answer.kind === 'no-sidecar' && answer.doubt !== undefined && groups.some(hasSidecar))
    return {
      state: 'unknown',
      reason: reason('bad-answer', `the injector would not inject this template, but ${answer.doubt}`),
    };
  if (answer.kind === 'no-sidecar') return judgeUninjected({ workload, groups, source, why: DECLINED }, rules);
  if (source?.fixed && groups.length > 0 && !groups.some(hasSidecar))
    return skipped('no-such-container', `no pod has a container ${source.container}`);
  // no injector promises a container that only the policy expects
  const given = source?.fixed ? groups.filter(hasSidecar) : groups;
  return compare(workload, withWhatCounts(answer.sidecar, rules), given, rules);
}

/** Marks what restarts are made for besides the image and the revision. */
function withWhatCounts(sidecar: ExpectedSidecar, { restartOn }: DriftRules): ExpectedSidecar {
  return {
    ...sidecar,
    ...(restartOn.has('native') && sidecar.placement !== 'any' && { placementCounts: true as const }),
    ...(restartOn.has('config') && sidecar.config && { configCounts: true as const }),
  };
}

const hasSidecar = ({ sidecar }: PodGroup): boolean => sidecar.placement !== 'none';

const skipped = (code: VerdictReasonCode, detail: string): Verdict => ({
  state: 'skipped',
  reason: reason(code, detail),
});

const DECLINED = reason('injector-declines', 'the injector would not inject this template');

function compare(
  workload: Workload,
  expected: ExpectedSidecar,
  groups: readonly PodGroup[],
  rules: DriftRules,
): Verdict {
  const pods = countWhere(groups, () => true);
  if (pods === 0) {
    const { partition, rollout } = workload;
    if (rollout.desired === 0) return skipped('scaled-to-zero', 'the workload is scaled to zero');
    if (partition >= rollout.desired)
      return skipped('partitioned', `its partition of ${partition} keeps all ${rollout.desired} pods unchanged`);
    return skipped('no-pods', `none of ${rollout.desired - partition} desired pods is running`);
  }
  const drifted = groups.map((group) => ({ group, drifts: driftsOf(expected, group.sidecar, rules) }));
  const outdated = drifted.filter(({ drifts }) => drifts.some((drift) => rules.restartOn.has(drift)));
  const largest = outdated.reduce<PodGroup | undefined>(
    (best, { group }) => (best && best.count >= group.count ? best : group),
    undefined,
  );
  const drifts = [...new Set(drifted.flatMap((one) => one.drifts))];
  if (!largest) return { state: 'current', expected, drifts, ...rewrittenBy(expected, groups, rules) };
  const outdatedGroups = outdated.map(({ group }) => group);
  const outdatedPods = countWhere(outdatedGroups, () => true);
  return { state: 'outdated', expected, drifts, outdatedPods, pods, outdatedGroups, actual: largest.sidecar };
}

/** If images were rewritten in different ways, one pod serves as an example. */
function rewrittenBy(
  { image }: ExpectedSidecar,
  groups: readonly PodGroup[],
  rules: DriftRules,
): { rewritten?: string } {
  const [rewritten] = groups.flatMap(({ sidecar }) => rewritingWords(image, sidecar.image, rules) ?? []);
  return rewritten === undefined ? {} : { rewritten };
}

const countWhere = (groups: readonly PodGroup[], wanted: (group: PodGroup) => boolean): number =>
  groups.reduce((sum, group) => sum + (wanted(group) ? group.count : 0), 0);
