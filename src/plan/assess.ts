import type { DriftRules } from '../compare/drift.ts';
import type { RewriteRule } from '../compare/learntImage.ts';
import { hintsAtRewriting } from '../compare/rewritingHint.ts';
import { judge, type Verdict } from '../compare/verdict.ts';
import type { Answer } from '../expect/answer.ts';
import type { Match } from '../expect/match.ts';
import { namespaceOf } from '../expect/matchOf.ts';
import type { Injection, Mesh } from '../expect/mesh.ts';
import type { Workload } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { reason } from '../reasons.ts';
import type { Assessed } from './assessed.ts';
import type { JournalEntry } from './journalEntry.ts';
import type { Policy } from './policy.ts';

/** An observed workload with the injection that matches it, and the answer of that injector. */
export interface Answered extends Observed {
  readonly match: Match<Injection>;
  /** Absent where no injector was asked. */
  readonly answer?: Answer;
}

/** What verdicts rest on besides the workload and the answer. */
export interface AssessmentContext {
  readonly mesh: Mesh;
  readonly policy: DriftRules & Pick<Policy, 'skipNamespaces'>;
  /** What the journal knows of a workload's last restart. */
  readonly entryOf: (workload: Workload) => JournalEntry | undefined;
  /** How the cluster rewrites the images of a run's injector, as far as it counts in a namespace. */
  readonly learnt: (run: string, namespace: string) => readonly RewriteRule[];
}

/** The verdict on one workload. Pure: the same arguments give the same verdict. */
export function assess({ answer, ...observed }: Answered, context: AssessmentContext): Assessed {
  const { workload, match, groups, unread } = observed;
  const { mesh, policy, entryOf, learnt } = context;
  const injection = match.kind === 'entry' ? match.entry : undefined;
  const known = injection ? learnt(injection.run, workload.namespace) : [];
  const rules = known.length > 0 ? { ...policy, learnt: known } : policy;
  const verdict: Verdict =
    unread === undefined
      ? unlessSkipped(workload, judge(workload, match, answer, groups, rules), policy)
      : { state: 'unknown', reason: reason('not-read', unread) };
  const entry = entryOf(workload);
  const hinted = verdict.state === 'outdated' && hintsAtRewriting(verdict.expected, groups, rules);
  return {
    ...observed,
    namespace: namespaceOf(mesh, workload),
    verdict,
    ...(injection && { injection }),
    ...(entry && { entry }),
    ...(hinted && { hinted }),
  };
}

/** An outdated workload in a skipped namespace is listed and never restarted. */
function unlessSkipped(
  { namespace }: Workload,
  verdict: Verdict,
  { skipNamespaces }: Pick<Policy, 'skipNamespaces'>,
): Verdict {
  if (verdict.state !== 'outdated' || !skipNamespaces.has(namespace)) return verdict;
  const { outdatedPods, pods } = verdict;
  const detail = `${outdatedPods} of ${pods} pods are outdated, and --skip-namespaces names ${namespace}`;
  return { ...verdict, state: 'skipped', reason: reason('namespace', detail) };
}

/** Whether an evaluation is about a workload. In a skipped namespace it is about outdated ones only. */
export const isListed = (
  { workload, verdict }: Assessed,
  { skipNamespaces }: Pick<Policy, 'skipNamespaces'>,
): boolean => !skipNamespaces.has(workload.namespace) || 'outdatedPods' in verdict;
