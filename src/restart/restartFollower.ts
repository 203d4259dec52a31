import { backOff } from '../backOff.ts';
import { learn } from '../compare/learntImage.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Injection } from '../expect/mesh.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { ownerKind } from '../kinds/kinds.ts';
import { messageOf } from '../messageOf.ts';
import { keyOf, type RolloutReport, type Workload, type WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { type Assessed, bySidecar, isOutdated } from '../plan/assessed.ts';
import { closedGate } from '../plan/gates/gates.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { isFailure, type Outcome } from '../plan/outcomes.ts';
import type { Policy } from '../plan/policy.ts';
import { fingerprint } from '../plan/record.ts';
import { SayOnce } from '../sayOnce.ts';
import { type End, isNotReached, isRefusedByInjector, type Progress, progressOf } from './progress.ts';
import type { RestartEnding } from './restartEnding.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import { endsOf, isUnknown, type TargetEnd } from './targetEnds.ts';

/** The shortest and the longest time between reads of a rollout. Reads that fail become less frequent. */
const POLLS = { first: 1000, longest: 30_000 };
/** The minimum time between two lists of a rollout's pods, and between two probes of its injector. */
const LOOK_EVERY = 5000;
const ASK_EVERY = 15_000;
/** How long an unreachable injector may extend a restart beyond its time limit. Then the restart gives up its slot. */
const LONGEST_EXCUSE = 60 * 60_000;
/** How long a write without a response may still take effect: the API server ends a request after a minute (--request-timeout). */
const LANDS_WITHIN = 70_000;

/** Follows restarts to their end and verifies the new pods. Its only state is the journal and the cluster. */
export class RestartFollower {
  readonly #options: RestarterOptions;
  readonly #ending: RestartEnding;

  constructor(options: RestarterOptions, ending: RestartEnding) {
    this.#options = options;
    this.#ending = ending;
  }

  /**
   * Follows a restart in the journal, from this process or an earlier one, and records its outcome.
   * @returns the last observation of the workload; undefined if it was deleted
   */
  async follow(ref: WorkloadRef): Promise<Observed | undefined> {
    const { signal, sleep } = this.#options;
    const never = Number.NEGATIVE_INFINITY;
    const state: FollowState = { status: '', lookedAt: never, askedAt: never, failures: 0, said: new SayOnce() };
    while (!signal.aborted) {
      try {
        const step = await this.#step(ref, state);
        if (step.done) return step.observed;
        state.failures = 0;
        state.said.over();
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#unread(ref, state, error);
        if (this.#isLost(ref)) return undefined;
      }
      await sleep(backOff(state.failures + 1, POLLS), signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Reports a problem once, until it changes. */
  #unread(ref: WorkloadRef, state: FollowState, error: unknown): void {
    if (state.said.isNews(undefined, messageOf(error))) this.#options.listener.trouble(ref, error);
    state.failures += 1;
  }

  /**
   * Ends a restart whose workload has been unreadable for too long, for example because a permission was revoked. There is no verdict, so
   * it is reported as a problem.
   * @returns whether it did
   */
  #isLost(ref: WorkloadRef): boolean {
    const { journal, ruleContext, listener } = this.#options;
    const entry = journal.get(ref);
    const { now, policy } = ruleContext();
    if (!entry || entry.outcome || patienceWith(entry, policy, now).cluster) return false;
    journal.end(ref, 'failed:unverified');
    listener.lost({ ...ref, uid: entry.uid }, 'failed:unverified', 'the workload can no longer be read');
    return true;
  }

  async #step(ref: WorkloadRef, state: FollowState): Promise<Step> {
    const { cluster, observer, journal, ruleContext } = this.#options;
    const workload = await cluster.workload(ref);
    const entry = journal.get(ref);
    if (!entry || entry.outcome) return { done: true, observed: await observer.observe(ref) };
    if (!workload || workload.deleting || workload.uid !== entry.uid) {
      journal.forget(keyOf(ref));
      return { done: true, observed: await observer.observe(ref) };
    }
    const { now, policy } = ruleContext();
    state.since ??= now;
    state.inherited ??= now > entry.since + policy.restartTimeout;
    const patience = patienceWith(entry, policy, now);
    const isHeld = workload.paused || isRefusedByInjector(workload, this.#isInjector);
    if ((patience.people && isHeld) || (patience.cluster && isNotReached(workload, this.#isInjector)))
      state.excusedAt = now;
    const allowed = { timeout: policy.restartTimeout, excusedAt: state.excusedAt };
    const progress = progressOf(workload, entry, now, allowed);
    if (progress.kind === 'unwritten') return this.#unwritten(ref, now - state.since > LANDS_WITHIN);
    journal.confirm(ref);
    if (progress.kind === 'progressing' && !isWorthALook(workload, state, now)) return { done: false };
    if (progress.kind === 'complete' && !progress.late && isTooSoon(workload, state, now)) return { done: false };
    return this.#judgeStep(entry, workload, progress, { state, now, patience });
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
    const { observer, mesh, ruleContext } = this.#options;
    const observed = await observer.observe(workload);
    // the workload may have been created again since then: the next step shows that
    if (observed?.workload.uid !== entry.uid) return { done: false };
    const assessed = await observer.assess(mesh(), observed, this.#isDoubtful(workload, state, now));
    const sidecars = bySidecar(assessed);
    const isExcused = sidecars.some(isUnreachable) || (patience.people && sidecars.some(isRefused));
    if (patience.cluster && isExcused && (progress.kind === 'progressing' || progress.kind === 'failed')) {
      state.excusedAt = now;
      return { done: false };
    }
    const context = { progress, rules: ruleContext().policy, inherited: state.inherited ?? false };
    const ends = endsOf(entry, assessed, context);
    if (!ends) return { done: false };
    if (!ends.some(({ end }) => end.outcome === 'failed:wrong-image')) return this.#end(entry, ends);
    // another restart may have shown meanwhile that the cluster rewrites the image
    const fresh = await observer.assess(mesh(), observed, true);
    // an injector that does not answer this question must not keep the restart in its slot
    if (ends.some(({ target }) => isUnknown(fresh, target))) return this.#end(entry, ends);
    const freshEnds = endsOf(entry, fresh, context);
    return freshEnds
      ? this.#end(
          entry,
          freshEnds.map((one) => this.#unlessRewritten(one)),
        )
      : { done: false };
  }

  /** Records how a restart ended for its targets. What is reported is the first failure, or else how it ended for the first target. */
  async #end(entry: JournalEntry, ends: readonly TargetEnd[]): Promise<Step> {
    const told = ends.find(({ end }) => isFailure(end.outcome)) ?? ends[0];
    if (!told) return { done: false };
    const outcomes = new Map(ends.map(({ target, end }): [string, Outcome] => [target.restartedFor, end.outcome]));
    return { done: true, observed: await this.#ending.end({ ...told.assessed, entry }, told.end, outcomes) };
  }

  #unlessRewritten(one: TargetEnd): TargetEnd {
    const learnt = one.end.outcome === 'failed:wrong-image' ? this.#learn(one) : undefined;
    return learnt ? { ...one, end: learnt } : one;
  }

  /** Whether a webhook is one that this process asks, or one of Istio's. */
  readonly #isInjector = (webhook: string): boolean =>
    ISTIO.asks('', webhook) || this.#options.mesh().injections.some(({ entry }) => entry?.name === webhook);

  /**
   * New pods may have another image because the cluster rewrites images, to a mirror or to a digest. If the injector still gives the answer
   * that the restart was made for, and it has not changed since, the cluster has rewritten the image, and another restart would bring the
   * same one. An old replica that still injects looks the same, so an image of another version is only learnt if all replicas agree.
   */
  #learn({ target, assessed }: TargetEnd): End | undefined {
    const { journal, listener } = this.#options;
    if (!isOutdated(assessed) || fingerprint(assessed.verdict.expected) !== target.restartedFor) return undefined;
    const { groups, verdict, injection } = assessed;
    const isSteady = injection.run === target.run && groups.every(({ ready }) => ready);
    const rule = isSteady ? learn(verdict.expected, groups) : undefined;
    // a policy's wish is no answer: another image is the injector's own
    if (rule?.kind === 'exact' && injection.source?.fixed) return undefined;
    if (rule?.kind === 'exact' && !this.#replicasAgree(injection, verdict.expected)) return undefined;
    if (!rule) return undefined;
    const words = `the cluster rewrites ${verdict.expected.image} to ${verdict.actual.image}`;
    const learnt = journal.learn(injection.run, rule, assessed.workload.namespace);
    // a rewrite that does not count would make the workload outdated again, and it would be restarted again
    if (learnt === 'full') return undefined;
    if (learnt === 'news') listener.learnt(assessed, words);
    return { outcome: 'verified', detail: words };
  }

  /**
   * Whether no upgrade of the control plane is in progress. If the control plane is not visible, whether its answers are confirmed (gates
   * G1 to G3).
   */
  #replicasAgree(injection: Injection, expected: ExpectedSidecar): boolean {
    const unconfirmed = this.#options.ruleContext().unconfirmed(injection);
    return closedGate({ injection, expected, unconfirmed }, new Set(['proxy-newer-than-istiod'])) === undefined;
  }

  /** Whether to check that the injector is reachable at all. Pods are missing, and the status of some kinds does not say why. */
  #isDoubtful({ kind, rollout }: Workload, state: FollowState, now: number): boolean {
    const doubtful = isMissingSilently(kind, rollout) && now >= state.askedAt + ASK_EVERY;
    if (doubtful) state.askedAt = now;
    return doubtful;
  }
}

interface Step {
  readonly done: boolean;
  readonly observed?: Observed | undefined;
}

/** The state of a restart while it is followed. Times are from the steady clock. */
interface FollowState {
  /** The controller's counts when the pods were last listed, and the time of that list. */
  status: string;
  lookedAt: number;
  askedAt: number;
  /** Consecutive failed reads. */
  failures: number;
  /** Why the reads failed. */
  readonly said: SayOnce;
  /** When this process began to follow it. */
  since?: number;
  excusedAt?: number;
  inherited?: boolean;
}

/** Whether a restart without progress may exceed its time limit. This depends on the cause. */
interface Patience {
  /**
   * A user with write access to the workload can pause it, or write a template that the injector rejects. It gets twice the time
   * limit and no more, because other restarts need the slot.
   */
  readonly people: boolean;
  /** The injector is unreachable, or the API server does not answer. */
  readonly cluster: boolean;
}

function patienceWith(entry: JournalEntry, { restartTimeout }: Pick<Policy, 'restartTimeout'>, now: number): Patience {
  const over = now - entry.since - restartTimeout;
  return { people: over < restartTimeout, cluster: over < LONGEST_EXCUSE };
}

/** Whether pods are missing and the status does not say why. */
const isMissingSilently = (kind: string, { existing, desired }: RolloutReport): boolean =>
  !ownerKind(kind).saysWhyPodsAreMissing && existing < desired;

/** Whether to list the pods: only when the controller's counts have changed, and not at every change. */
function isWorthALook({ kind, rollout }: Workload, state: FollowState, now: number): boolean {
  const status = Object.values(rollout).join(' ');
  const missing = isMissingSilently(kind, rollout);
  if ((status === state.status && !missing) || now < state.lookedAt + LOOK_EVERY) return false;
  state.status = status;
  state.lookedAt = now;
  return true;
}

/** Whether the pods of a restart whose controller is done were listed a moment ago. They may take long to become ready. */
function isTooSoon({ kind }: Workload, state: FollowState, now: number): boolean {
  if (!ownerKind(kind).actuator.endsBeforeReady) return false;
  if (now < state.lookedAt + LOOK_EVERY) return true;
  state.lookedAt = now;
  return false;
}

const isUnreachable = ({ verdict }: Assessed): boolean =>
  verdict.state === 'unknown' && verdict.reason.code === 'injector-unreachable';

const isRefused = ({ verdict }: Assessed): boolean =>
  verdict.state === 'unknown' && verdict.reason.code === 'injector-refused';
