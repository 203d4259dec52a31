import { counted } from '../counted.ts';
import { refOf, type WorkloadKey } from '../model.ts';
import type { NotifiedWorkload } from '../plan/notification.ts';
import { isFailed, type RunMember, type RunState } from '../plan/runState.ts';
import type { HeldBy } from '../plan/wait.ts';
import { holderOf } from '../plan/waitReasons.ts';
import { durationWord, firstOf, workloadWord } from './sentence.ts';

/** Workloads of a run that are left as they are for one reason. */
export interface HeldBack {
  /** Who keeps them back. */
  readonly by: HeldBy | 'Meltemi';
  readonly reason: string;
  readonly workloads: readonly NotifiedWorkload[];
}

/** What came of a run that has finished. */
export interface RunSummary {
  /** Workloads that were restarted. */
  readonly restarted: number;
  readonly verified: number;
  readonly failed: readonly NotifiedWorkload[];
  readonly heldBack: readonly HeldBack[];
  /** From the first restart to the end of the last one; milliseconds. */
  readonly took: number;
  /** The slowest restarts, with how long they took; the slowest first. */
  readonly slowest: readonly { readonly workload: WorkloadKey; readonly took: number }[];
}

/** The summary of a run. Pure. */
export function summaryOf({ members, counts, notes }: RunState): RunSummary {
  const { startedAt = 0, endedAt = startedAt, forgotten = 0, slowest = {} } = notes;
  const reasons = Map.groupBy(
    members.flatMap((one) => heldBackFor(one) ?? []),
    ({ by, reason }) => `${by} ${reason}`,
  );
  return {
    restarted: members.filter(({ restartedAt }) => restartedAt !== undefined).length + forgotten,
    verified: counts.verified,
    failed: members.filter(isFailed).map(({ workload, outcome = '' }) => ({ ...workload, reason: outcome })),
    heldBack: [...reasons.values()]
      .flatMap(([first, ...more]) =>
        first ? { ...first, workloads: [first, ...more].flatMap(({ workloads }) => workloads) } : [],
      )
      .sort((a, b) => b.workloads.length - a.workloads.length),
    took: endedAt - startedAt,
    slowest: Object.entries(slowest)
      .map(([workload, took]) => ({ workload: workload as WorkloadKey, took }))
      .sort((a, b) => b.took - a.took),
  };
}

/** Why a workload is left as it is; undefined if it is current, or its own restart has failed. */
function heldBackFor(member: RunMember): HeldBack | undefined {
  const { workload, verdict, wait } = member;
  if (isFailed(member)) return undefined;
  const held = (by: HeldBack['by'], reason: string): HeldBack => {
    return { by, reason, workloads: [{ ...workload, reason }] };
  };
  if (verdict.state === 'outdated' && wait) return held(holderOf(wait) ?? 'Meltemi', wait.reason.code);
  if (verdict.state === 'skipped' && 'outdatedPods' in verdict)
    return held(verdict.reason.code === 'namespace' ? 'the policy' : 'Meltemi', verdict.reason.code);
  return verdict.state === 'unknown' || verdict.state === 'conflict' ? held('Meltemi', verdict.reason.code) : undefined;
}

const NAMES_SHOWN = 5;

/** The summary as sentences. */
export function summaryText(summary: RunSummary, towards: string): string {
  const { restarted, verified, failed, heldBack, took, slowest } = summary;
  const restarts = `${counted(restarted, 'workload')} restarted in ${durationWord(took)}`;
  const sentences = [
    `The run towards ${towards} has finished: ${restarts}, ${verified} verified, ${failed.length} failed`,
  ];
  const named = ({ reason, ...workload }: NotifiedWorkload): string => `${workloadWord(workload)} (${reason})`;
  if (failed.length > 0) sentences.push(`Failed: ${firstOf(failed.map(named), NAMES_SHOWN)}`);
  for (const { by, reason, workloads } of heldBack)
    sentences.push(
      `Held back by ${by} (${reason}): ${workloads.length}, ${firstOf(workloads.map(workloadWord), NAMES_SHOWN)}`,
    );
  const slow = slowest.map(({ workload, took: long }) => `${workloadWord(refOf(workload))} ${durationWord(long)}`);
  if (slow.length > 0) sentences.push(`Slowest: ${slow.join(', ')}`);
  return `${sentences.join('. ')}.`;
}
