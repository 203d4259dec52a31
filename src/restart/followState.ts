import { ownerKind } from '../kinds/kinds.ts';
import type { RolloutReport, Workload } from '../model.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { SayOnce } from '../sayOnce.ts';
import type { EvictionProgress } from './evictions.ts';
import { ASK_EVERY, LOOK_EVERY } from './patience.ts';

/** The state of a restart while it is followed. Times are from the steady clock. */
export interface FollowState {
  /** The controller's counts at the last read, and when they last changed. */
  counts: string;
  changedAt?: number;
  /** The controller's counts when the pods were last listed, and the time of that list. */
  status: string;
  lookedAt: number;
  askedAt: number;
  /** Consecutive failed reads. */
  failures: number;
  /** Why the reads failed. */
  readonly said: SayOnce;
  readonly isOurs: boolean;
  /** When this process began to follow it. */
  since?: number;
  excusedUntil?: number;
  inherited?: boolean;
  /** Of a restart by evictions: whether the journal is stored with the knowledge that it was written. */
  isKept?: boolean;
  readonly eviction: EvictionProgress;
}

/** The state of a restart that nothing is known of yet. @param isOurs whether this process has just written it */
export const followState = (isOurs: boolean): FollowState => ({
  counts: '',
  status: '',
  lookedAt: Number.NEGATIVE_INFINITY,
  askedAt: Number.NEGATIVE_INFINITY,
  failures: 0,
  said: new SayOnce(),
  isOurs,
  eviction: {},
});

/** What patience counts from: of a restart by evictions, whose time limit is that of each pod, the last one that was replaced. */
export const lastStep = ({ since }: JournalEntry, { eviction: { progressedAt = since } }: FollowState) => ({
  since: Math.max(since, progressedAt),
});

/** Keeps an excuse; says whether there is one. */
export function excuse(state: FollowState, until: number | undefined): boolean {
  if (until !== undefined) state.excusedUntil = Math.max(until, state.excusedUntil ?? 0);
  return until !== undefined;
}

/** Notes when the controller's counts have changed last. */
export function noteChange({ rollout }: Workload, state: FollowState, now: number): void {
  const counts = countsOf(rollout);
  if (counts !== state.counts) state.changedAt = now;
  state.counts = counts;
}

const countsOf = (rollout: RolloutReport): string => Object.values(rollout).join(' ');

/** Whether pods are missing and the status does not say why. */
const isMissingSilently = (kind: string, { existing, desired }: RolloutReport): boolean =>
  !ownerKind(kind).saysWhyPodsAreMissing && existing < desired;

/** Whether to check that the injector is reachable at all. Pods are missing, and the status of some kinds does not say why. */
export function isDoubtful({ kind, rollout }: Workload, state: FollowState, now: number): boolean {
  const doubtful = isMissingSilently(kind, rollout) && now >= state.askedAt + ASK_EVERY;
  if (doubtful) state.askedAt = now;
  return doubtful;
}

/** Whether to list the pods: only when the controller's counts have changed, and not at every change. */
export function isWorthALook({ kind, rollout }: Workload, state: FollowState, now: number): boolean {
  const status = countsOf(rollout);
  const missing = isMissingSilently(kind, rollout);
  // a moment after the write there is nothing to see yet
  const lookedAt = Math.max(state.lookedAt, state.since ?? now);
  if ((status === state.status && !missing) || now < lookedAt + LOOK_EVERY) return false;
  state.status = status;
  state.lookedAt = now;
  return true;
}

/** Whether the pods of a restart whose controller is done were listed a moment ago. They may take long to become ready. */
export function isTooSoon({ kind }: Workload, state: FollowState, now: number): boolean {
  if (!ownerKind(kind).actuator.endsBeforeReady) return false;
  if (now < state.lookedAt + LOOK_EVERY) return true;
  state.lookedAt = now;
  return false;
}

/** Whether to list the pods of a restart by evictions: when its controller's counts have changed, and every now and then. */
export function isWorthAnEviction({ rollout }: Workload, state: FollowState, now: number): boolean {
  const status = countsOf(rollout);
  if (status === state.status && now < state.lookedAt + LOOK_EVERY) return false;
  state.status = status;
  state.lookedAt = now;
  return true;
}
