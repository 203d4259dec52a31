import type { DriftRules } from '../compare/drift.ts';
import { judge } from '../compare/judge.ts';
import type { RewriteRule } from '../compare/learntImage.ts';
import { hintsAtRewriting } from '../compare/rewritingHint.ts';
import { seenBySource } from '../compare/seenBySource.ts';
import { unsupported } from '../compare/unsupported.ts';
import type { Verdict } from '../compare/verdict.ts';
import type { VerdictReasonCode } from '../compare/verdictReasons.ts';
import type { Answer } from '../expect/answer.ts';
import { nobody } from '../expect/epoch.ts';
import { namespaceOf, type SourceMatch } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { KindPolicy } from '../kinds/kindPolicy.ts';
import type { Workload } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { reason } from '../reasons.ts';
import { type Assessed, type AssessedSidecar, assessedSidecar } from './assessed.ts';
import type { JournalEntry } from './journalEntry.ts';
import type { Policy } from './policy.ts';
import { targetsOf } from './record.ts';

/** The injection of one source that matches a workload, and its answer. */
export interface SourceAnswer extends SourceMatch {
  /** Absent where no injector was asked. */
  readonly answer?: Answer;
  /** Whether it is the injector's answer to a like template. A restart is never written for such an answer. */
  readonly isShared?: boolean;
}

/** An observed workload with what its first source expects. */
export interface Answered extends Observed, SourceAnswer {
  /** The same of the other sources that are about it; absent if there are none. */
  readonly others?: readonly SourceAnswer[];
}

/** What verdicts rest on besides the workload and the answer. */
export interface AssessmentContext {
  readonly mesh: Mesh;
  readonly policy: DriftRules & KindPolicy & Pick<Policy, 'skipNamespaces'>;
  /** What the journal knows of a workload's last restart. */
  readonly entryOf: (workload: Workload) => JournalEntry | undefined;
  /** How the cluster rewrites the images of a run's injector, as far as it counts in a namespace. */
  readonly learnt: (run: string, namespace: string) => readonly RewriteRule[];
}

/**
 * The verdict on one workload. If it has several sidecars, the most urgent verdict leads, and the others are kept with it. Pure: the same
 * arguments give the same verdict.
 */
export function assess(answered: Answered, context: AssessmentContext): Assessed {
  const { source, match, answer, isShared, others, ...observed } = answered;
  const { workload } = observed;
  // an unsupported workload was never restarted, even if an entry has its name
  const entry = workload.unsupported ? undefined : context.entryOf(workload);
  const known = { ...observed, namespace: namespaceOf(context.mesh, workload), ...(entry && { entry }) };
  const leads = { ...(source && { source }), match, ...(answer && { answer }), ...(isShared && { isShared }) };
  const first = assessSidecar(observed, leads, context, entry);
  if (!others) return { ...known, ...first };
  const all = [first, ...others.map((other) => assessSidecar(observed, other, context, entry))];
  const [leading = first, ...rest] = all.sort((a, b) => urgency(a) - urgency(b));
  return { ...known, ...leading, others: rest };
}

/** Of several sidecars, first what can be restarted for, then what cannot be judged, then what is as it should be. */
function urgency({ verdict }: AssessedSidecar): number {
  if (verdict.state === 'outdated') return 0;
  if ('outdatedPods' in verdict) return 1;
  return verdict.state === 'current' ? 3 : verdict.state === 'skipped' ? 4 : 2;
}

function assessSidecar(
  observed: Observed,
  answered: SourceAnswer,
  context: AssessmentContext,
  entry: JournalEntry | undefined,
): AssessedSidecar {
  const { workload } = observed;
  const { source, match, answer, isShared } = answered;
  const { policy, learnt } = context;
  const groups = seenBySource(source, observed.groups);
  const injection = match.kind === 'entry' ? match.entry : undefined;
  const known = injection ? learnt(injection.run, workload.namespace) : [];
  const rules = known.length > 0 ? { ...policy, learnt: known } : policy;
  const judged = unjudged(observed, context) ?? judge(workload, match, answer, groups, rules, source);
  const verdict = workload.unsupported
    ? unsupported(workload, judged, groups)
    : unlessSkipped(observed, judged, policy);
  const isOfNobody = match.kind === 'none' && (verdict.state === 'outdated' || wasRemoved(source, entry));
  const injectionOrNobody = isOfNobody ? nobody(source) : injection;
  const hinted =
    verdict.state === 'outdated' && (source?.fixed !== undefined || hintsAtRewriting(verdict.expected, groups, rules));
  return assessedSidecar({ source, match, groups, verdict, injection: injectionOrNobody, hinted, isShared });
}

/** Whether it was restarted to remove this sidecar: then it stays one of those that were restarted for that. */
const wasRemoved = (source: SidecarSource | undefined, entry: JournalEntry | undefined): boolean =>
  entry !== undefined && targetsOf(entry).some(({ run }) => run === nobody(source).run);

/** The verdict on a workload whose pods do not matter; undefined if they do. */
function unjudged({ workload, unread }: Observed, { mesh }: AssessmentContext): Verdict | undefined {
  if (unread !== undefined) return { state: 'unknown', reason: reason('not-read', unread) };
  if (!namespaceOf(mesh, workload).deleting) return undefined;
  return { state: 'skipped', reason: reason('deleting', 'the deletion of its namespace has begun') };
}

/** An outdated workload in a skipped namespace, or that another object steers, is listed and never restarted. */
function unlessSkipped(
  { workload: { namespace }, canary, scaledBy }: Observed,
  verdict: Verdict,
  { skipNamespaces }: Pick<Policy, 'skipNamespaces'>,
): Verdict {
  if (scaledBy !== undefined) return steered(verdict, 'scaled-by-rollout', `${scaledBy} uses its pod template`);
  if (canary?.role === 'target') return steered(verdict, 'canary-target', `Canary ${canary.canary.name} analyses it`);
  if (verdict.state !== 'outdated' || !skipNamespaces.has(namespace)) return verdict;
  return steered(verdict, 'namespace', `--skip-namespaces names ${namespace}`);
}

/** The same verdict, but never restarted. Without pods the reason says more than their number. */
function steered(verdict: Verdict, code: VerdictReasonCode, why: string): Verdict {
  if (verdict.state === 'outdated') {
    const { outdatedPods, pods } = verdict;
    return {
      ...verdict,
      state: 'skipped',
      reason: reason(code, `${outdatedPods} of ${pods} pods are outdated, and ${why}`),
    };
  }
  const isEmpty = verdict.state === 'skipped' && EMPTY.has(verdict.reason.code);
  return isEmpty ? { state: 'skipped', reason: reason(code, why) } : verdict;
}

const EMPTY: ReadonlySet<VerdictReasonCode> = new Set<VerdictReasonCode>(['scaled-to-zero', 'no-pods']);

/** Whether an evaluation is about a workload. In a skipped namespace it is about outdated ones only. */
export const isListed = (
  { workload, verdict }: Pick<Assessed, 'workload' | 'verdict'>,
  { skipNamespaces }: Pick<Policy, 'skipNamespaces'>,
): boolean => !skipNamespaces.has(workload.namespace) || 'outdatedPods' in verdict;
