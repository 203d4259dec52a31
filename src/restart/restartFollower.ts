import { backOff } from '../backOff.ts';
import { isForbidden } from '../cluster/apiError.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { messageOf } from '../messageOf.ts';
import { keyOf, type Workload, type WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { isFailure, type Outcome } from '../plan/outcomes.ts';
import { byEviction } from './byEviction.ts';
import { Evictions } from './evictions.ts';
import {
  excuse,
  type FollowState,
  followState,
  isDoubtful,
  isTooSoon,
  isWorthALook,
  isWorthAnEviction,
  lastStep,
  noteChange,
} from './followState.ts';
import { Judge } from './judge.ts';
import { excusedByInjector, excusedByStatus, type Patience, patienceWith } from './patience.ts';
import { type End, type Progress, progressOf } from './progress.ts';
import type { RestartEnding } from './restartEnding.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import type { TargetEnd } from './targetEnds.ts';

/** The shortest and the longest time between reads of a rollout that fail. */
const RETRIES = { first: 1000, longest: 30_000 };
/** The shortest and the longest time between reads of a rollout, and which share of the time since its last change: a tenth. */
const POLLS = { first: 1000, longest: 5000, share: 0.1 };
const SECOND = 1000;
/** How long a write without a response may still take effect: the API server ends a request after a minute (--request-timeout). */
const LANDS_WITHIN = 70_000;

/** Follows restarts to their end and verifies the new pods. Its only state is the journal and the cluster. */
export class RestartFollower {
  readonly #options: RestarterOptions;
  readonly #ending: RestartEnding;
  readonly #evictions: Evictions;
  readonly #judge: Judge;

  constructor(options: RestarterOptions, ending: RestartEnding) {
    this.#options = options;
    this.#ending = ending;
    this.#evictions = new Evictions(options);
    this.#judge = new Judge(options);
  }

  /**
   * Follows a restart in the journal, and records its outcome.
   * @param isOurs whether this process has just written it; otherwise an earlier one may have been in the middle of it
   * @returns the last observation of the workload; undefined if it was deleted
   */
  async follow(ref: WorkloadRef, isOurs: boolean): Promise<Observed | undefined> {
    const { signal, sleep } = this.#options;
    const state = followState(isOurs);
    while (!signal.aborted) {
      try {
        const step = await this.#step(ref, state);
        if (step.done) return step.observed;
        state.failures = 0;
        state.said.over();
      } catch (error) {
        if (signal.aborted) return undefined;
        if (this.#isGone(ref, error)) return undefined;
        this.#unread(ref, state, error);
        if (this.#isLost(ref, state)) return undefined;
      }
      await sleep(this.#untilNextRead(state), signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Milliseconds. A rollout that takes minutes is read less often while nothing changes, so its end is seen a tenth later at most. */
  #untilNextRead({ failures, changedAt }: FollowState): number {
    if (failures > 0) return backOff(failures + 1, RETRIES);
    const still = this.#options.moment().now - (changedAt ?? Number.POSITIVE_INFINITY);
    return Math.min(POLLS.longest, Math.max(POLLS.first, still * POLLS.share));
  }

  /** Reports a problem once, until it changes. */
  #unread(ref: WorkloadRef, state: FollowState, error: unknown): void {
    if (state.said.isNews(undefined, messageOf(error))) this.#options.listener.trouble(ref, error);
    state.failures += 1;
  }

  /**
   * Forgets a restart whose namespace is gone: the Role that allowed to read it is gone with it, so the API server answers 403.
   * @returns whether it did
   */
  #isGone(ref: WorkloadRef, error: unknown): boolean {
    const { journal, mesh } = this.#options;
    if (!isForbidden(error) || mesh().namespaces.has(ref.namespace)) return false;
    journal.forget(keyOf(ref));
    return true;
  }

  /**
   * Ends a restart whose workload has been unreadable for too long, for example because a permission was revoked. There is no verdict, so
   * it is reported as a problem.
   * @returns whether it did
   */
  #isLost(ref: WorkloadRef, state: FollowState): boolean {
    const { journal, moment, listener, phases } = this.#options;
    const entry = journal.get(ref);
    const { now, policy } = moment();
    if (!entry || entry.outcome || now <= (state.excusedUntil ?? 0)) return false;
    if (patienceWith(lastStep(entry, state), policy, now).cluster) return false;
    journal.end(ref, 'failed:unverified');
    listener.lost({ ...ref, uid: entry.uid }, 'failed:unverified', 'the workload can no longer be read');
    phases?.ended(ref, 'failed:unverified', 'the workload can no longer be read');
    return true;
  }

  async #step(ref: WorkloadRef, state: FollowState): Promise<Step> {
    const { cluster, observer, journal, moment } = this.#options;
    const workload = await cluster.workload(ref);
    const entry = journal.get(ref);
    if (!entry || entry.outcome) return { done: true, observed: await observer.observe(ref) };
    if (!workload || workload.deleting || workload.uid !== entry.uid) {
      journal.forget(keyOf(ref));
      return { done: true, observed: await observer.observe(ref) };
    }
    const { now, policy } = moment();
    state.since ??= now;
    noteChange(workload, state, now);
    if (entry.evicts) return this.#evictionStep(entry, workload, state, now);
    state.inherited ??= now > entry.since + policy.restartTimeout;
    const patience = patienceWith(entry, policy, now);
    excuse(state, excusedByStatus(workload, patience, this.#isInjector));
    const allowed = { timeout: policy.restartTimeout, excusedUntil: state.excusedUntil };
    const progress = progressOf(workload, entry, now, allowed);
    if (progress.kind === 'unwritten') return this.#unwritten(ref, now - state.since > LANDS_WITHIN);
    journal.confirm(ref);
    if (progress.kind === 'progressing' && !isWorthALook(workload, state, now)) return { done: false };
    if (progress.kind === 'complete' && !progress.late && isTooSoon(workload, state, now)) return { done: false };
    return this.#judgeStep(entry, workload, progress, { state, now, patience });
  }

  /** Nothing of the workload has changed before the record is there, so a restart that was not written is simply made again. */
  async #evictionStep(entry: JournalEntry, workload: Workload, state: FollowState, now: number): Promise<Step> {
    const { journal, moment } = this.#options;
    const since = state.since ?? now;
    if (!entry.confirmed && byEviction.begunAt(workload) !== entry.restartedAt)
      return this.#unwritten(workload, now - since > LANDS_WITHIN);
    journal.confirm(workload);
    // the API server's times are whole seconds: a pod that is brought now could not be told from an old one
    if (now < since + SECOND) return { done: false };
    // whoever leads next must know that pods may be gone, whatever becomes of the record on the workload
    if (!state.isKept) await journal.stored();
    state.isKept = true;
    if (!isWorthAnEviction(workload, state, now)) return { done: false };
    const { policy } = moment();
    const step = await this.#evictions.step(workload, {
      entry,
      state: state.eviction,
      isOurs: state.isOurs,
      now,
      isLate: (progressedAt) =>
        now > Math.max(Math.max(since, progressedAt ?? 0) + policy.restartTimeout, state.excusedUntil ?? 0),
      ask: isDoubtful(workload, state, now),
    });
    if (step.kind === 'wait') return { done: false };
    if (step.kind === 'end')
      return { done: true, observed: await this.#ending.end({ ...step.assessed, entry }, step.end) };
    const patience = patienceWith(lastStep(entry, state), policy, now);
    if (excuse(state, excusedByInjector(step.assessed, patience))) return { done: false };
    // the age of its pods shows that the restart has brought them, however late that is seen
    const ends = await this.#judge.endsOf(entry, step, false);
    if (!ends || step.all) return ends ? this.#end(entry, ends) : { done: false };
    // the new pods are right after all, and old ones are left
    if (ends.every(isVerified)) return { done: false };
    return this.#end(
      entry,
      ends.map((one) => (isVerified(one) ? { ...one, end: STOPPED } : one)),
    );
  }

  /** A request without a response may still take effect for a while. After that, the restart was certainly not written. */
  async #unwritten(ref: WorkloadRef, never: boolean): Promise<Step> {
    if (!never) return { done: false };
    this.#options.journal.cancel(ref);
    return { done: true, observed: await this.#options.observer.observe(ref) };
  }

  async #judgeStep(
    entry: JournalEntry,
    workload: Workload,
    progress: Progress,
    { state, now, patience }: { readonly state: FollowState; readonly now: number; readonly patience: Patience },
  ): Promise<Step> {
    const { observer, mesh } = this.#options;
    const observed = await observer.observeRead(workload);
    const assessed = await observer.assess(mesh(), observed, isDoubtful(workload, state, now));
    const isUnderWay = progress.kind === 'progressing' || progress.kind === 'failed';
    if (isUnderWay && excuse(state, excusedByInjector(assessed, patience))) return { done: false };
    const ends = await this.#judge.endsOf(entry, { observed, assessed, progress }, state.inherited ?? false);
    return ends ? this.#end(entry, ends, ends.every(isVerified) ? observed : undefined) : { done: false };
  }

  /** Records how a restart ended for its targets. What is reported is the first failure, or else how it ended for the first target. */
  async #end(entry: JournalEntry, ends: readonly TargetEnd[], seen?: Observed): Promise<Step> {
    const told = ends.find(({ end }) => isFailure(end.outcome)) ?? ends[0];
    if (!told) return { done: false };
    const outcomes = new Map(ends.map(({ target, end }): [string, Outcome] => [target.restartedFor, end.outcome]));
    return { done: true, observed: await this.#ending.end({ ...told.assessed, entry }, told.end, outcomes, seen) };
  }

  /** Whether a webhook is one that this process asks, or one of Istio's. */
  readonly #isInjector = (webhook: string): boolean =>
    ISTIO.asks('', webhook) || this.#options.mesh().injections.some(({ entry }) => entry?.name === webhook);
}

interface Step {
  readonly done: boolean;
  readonly observed?: Observed | undefined;
}

const isVerified = ({ end }: TargetEnd): boolean => end.outcome === 'verified';

/** How a restart by evictions ends for a sidecar that is right in the new pods, when another one is wrong in them. */
const STOPPED: End = { outcome: 'interrupted', detail: 'another sidecar of the new pods is wrong' };
