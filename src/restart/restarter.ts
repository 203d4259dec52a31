import { backOff } from '../backOff.ts';
import { ApiError, isConflict } from '../cluster/apiError.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { learn } from '../compare/learntImage.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import { matchOf } from '../expect/matchOf.ts';
import type { Injection, Mesh } from '../expect/mesh.ts';
import type { Journal } from '../journal/journal.ts';
import { ownerKind } from '../kinds/kinds.ts';
import { messageOf } from '../messageOf.ts';
import type { RolloutReport } from '../model.ts';
import { keyOf, type Workload, type WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { Observer } from '../observe/observer.ts';
import { type Assessed, isOutdated, type Outdated } from '../plan/assessed.ts';
import { closedGate } from '../plan/gates/gates.ts';
import { answeredRetry, type JournalEntry, nextEntry, WRITTEN_WITHIN } from '../plan/journalEntry.ts';
import { isFailure, type Outcome } from '../plan/outcomes.ts';
import { canClose } from '../plan/plan.ts';
import type { Policy } from '../plan/policy.ts';
import { barePatch, fingerprint, outcomePatch, restartPatch } from '../plan/record.ts';
import type { RuleContext } from '../plan/rule.ts';
import { waitOf } from '../plan/rules/rules.ts';
import { SayOnce } from '../sayOnce.ts';
import {
  type Circumstances,
  type End,
  endOf,
  isNotReached,
  isRefusedByInjector,
  type Progress,
  progressOf,
} from './progress.ts';

/** What a restarter tells while it works; the report turns each into log, metric and Event. */
export interface RestartListener {
  /** A restart is being written. */
  sending(ref: WorkloadRef): void;
  restarted(assessed: Assessed, written: Workload): void;
  ended(assessed: Assessed, outcome: Outcome, detail: string): void;
  /** The cluster's admission refuses the record on this workload; the restart is made without it. */
  recordRefused(assessed: Assessed, why: string): void;
  /** A restart has shown how the cluster rewrites the injector's images, in words. */
  learnt(assessed: Assessed, words: string): void;
  trouble(ref: WorkloadRef, error: unknown): void;
}

export interface RestarterOptions {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly journal: Journal;
  /** The mesh as it is at the moment of the call, not as it was when the plan was made. */
  readonly mesh: () => Mesh;
  readonly ruleContext: () => RuleContext;
  readonly listener: RestartListener;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A restart that was planned and not made; it is planned again after a back-off. */
export class PlanOvertaken extends Error {
  override readonly name = 'PlanOvertaken';
}

/** How often a followed rollout is read, and how seldom while it cannot be read. */
const POLLS = { first: 1000, longest: 30_000 };
/** How often the pods of a rollout are listed, and its injector asked whether it is there, at the most. */
const LOOK_EVERY = 5000;
const ASK_EVERY = 15_000;
/** How long an injector that answers nobody may keep a restart from ending beyond its time limit; then its slot is given to others. */
const LONGEST_EXCUSE = 60 * 60_000;
/** How long a write whose answer was lost may still land: an API server ends a request after a minute (--request-timeout). */
const LANDS_WITHIN = 70_000;
/** A restart is sent so often where others write the workload's metadata in between. */
const WRITE_TRIES = 5;
/** An outcome is written on its workload for people; what cannot be written stands in the journal all the same. */
const OUTCOME_TRIES = 3;

/**
 * Carries out one restart: looks again, asks afresh, journals, writes once, follows to the end, verifies the new pods and records the
 * outcome. All that it knows it reads from the journal and the cluster, so another process can take over at any point.
 */
export class Restarter {
  readonly #options: RestarterOptions;
  /** Namespaces in which a write with the record was refused, and why: restarts are written without it. */
  readonly #refusing = new Map<string, string>();

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * Restarts a workload if everything still speaks for it, the fresh answer among it: only if it is the one that the plan rests on (gate
   * G3). It is journalled first, so that nothing lies between the last look and the write.
   * @returns the workload as last seen; undefined when it is gone
   * @throws {PlanOvertaken} when the fresh look speaks against it and the plan does not know why yet
   * @throws {ApiError} when the cluster does not answer or refuses; nothing was written then
   */
  async restart(planned: Outdated): Promise<Observed | undefined> {
    const { ruleContext, journal } = this.#options;
    const { workload, verdict, injection } = planned;
    const entry = nextEntry(planned, verdict.expected, injection.run, ruleContext());
    await journal.begin(workload, entry);
    try {
      const left = await this.#lookAndWrite(planned, entry);
      if (left === 'written') return this.follow(workload);
      journal.cancel(workload);
      return left;
    } catch (error) {
      journal.cancel(workload);
      throw error;
    }
  }

  /** @returns that the restart is written, or may be; or the workload that needs none */
  async #lookAndWrite(planned: Outdated, entry: JournalEntry): Promise<Observed | undefined | 'written'> {
    const { observer, mesh, listener, journal } = this.#options;
    const observed = await observer.observe(planned.workload);
    if (!observed) return undefined;
    if (!isStillTrue(entry, observed.workload)) throw new PlanOvertaken('the workload has just changed');
    const fresh = await observer.assess(mesh(), observed, true);
    // what counts is the restart before the one that is about to be made
    const { entry: _begun, ...seen } = fresh;
    const assessed = { ...seen, ...(planned.entry && { entry: planned.entry }) };
    if (!isOutdated(assessed)) return this.#notOutdated(observed, assessed, planned);
    if (!sameTarget(planned, assessed))
      throw new PlanOvertaken('the injector has just given another answer than before');
    const written = await this.#write(assessed, entry);
    if (written) {
      journal.confirm(written);
      listener.restarted(assessed, written);
    }
    return 'written';
  }

  /**
   * Writes the restart with its record, or without it where admission refuses the record.
   * @returns the workload as written; undefined when the answer did not come, so that nothing or all of it was written
   * @throws {Error} when nothing was written, for certain
   */
  async #write(assessed: Outdated, entry: JournalEntry): Promise<Workload | undefined> {
    const { workload } = assessed;
    const { namespace } = workload;
    const refused = this.#refusing.get(namespace);
    const patch = refused === undefined ? restartPatch : barePatch;
    try {
      const written = await this.#send(assessed, patch, entry);
      if (written && refused !== undefined) this.#options.listener.recordRefused(assessed, refused);
      return written;
    } catch (error) {
      if (!isDenied(error)) throw error;
      // the next try is made without the record, after another look; where that is refused too, it was not about the record
      if (refused === undefined) this.#refusing.set(namespace, error.message);
      else this.#refusing.delete(namespace);
      throw error;
    }
  }

  /**
   * Sends the patch. The rules are checked once more right before. Some owners write metadata or status every second: where the template is
   * the one that was asked about, the answer still holds, so the patch is sent again for the new version instead of being planned anew.
   */
  async #send(planned: Outdated, patchFor: RestartPatch, entry: JournalEntry): Promise<Workload | undefined> {
    const { cluster } = this.#options;
    const beginning = ownerKind(planned.workload.kind).actuator.begin(entry.restartedAt);
    let assessed = planned;
    for (let tries = WRITE_TRIES; ; tries--) {
      try {
        return await this.#sendOnce(assessed, patchFor(assessed.workload.resourceVersion, entry, beginning), entry);
      } catch (error) {
        if (!isConflict(error)) throw error;
        const latest = tries > 1 ? await cluster.workload(assessed.workload) : undefined;
        if (!latest || latest.deleting || !isStillTrue(entry, latest))
          throw new PlanOvertaken('somebody else has just changed the workload');
        assessed = { ...assessed, workload: latest };
      }
    }
  }

  async #sendOnce(assessed: Outdated, patch: object, entry: JournalEntry): Promise<Workload | undefined> {
    const { cluster, journal, listener } = this.#options;
    const { workload } = assessed;
    const { now } = this.#stillWanted(assessed);
    if (now - entry.since > WRITTEN_WITHIN)
      throw new PlanOvertaken('the observation and the answer behind this restart have become too old');
    journal.sending(workload);
    listener.sending(workload);
    try {
      return await cluster.patch(workload, patch);
    } catch (error) {
      if (isConflict(error) || wasNotDone(error)) throw error;
      listener.trouble(workload, error);
      return undefined;
    }
  }

  /**
   * A fresh answer that could not be had is backed off, lest the kept one ask for the same again at once; and so is one under another
   * mesh than the plan's, which rests on the old one until the burst of changes is over.
   */
  #notOutdated(observed: Observed, { verdict, injection }: Assessed, planned: Outdated): Observed {
    if (verdict.state === 'unknown') throw new PlanOvertaken(verdict.reason.detail);
    if (injection?.epoch !== planned.injection.epoch) throw new PlanOvertaken('the mesh has just changed');
    return observed;
  }

  /**
   * The rules once more, on the fresh verdict: an upgrade may have begun since the plan was made.
   * @throws {PlanOvertaken} when one of them holds the workload now
   */
  #stillWanted(assessed: Outdated): RuleContext {
    const ruleContext = this.#options.ruleContext();
    const wait = waitOf(assessed, ruleContext);
    if (wait) throw new PlanOvertaken(wait.reason.detail);
    if (!sameInjection(this.#options.mesh(), assessed)) throw new PlanOvertaken('the mesh has just changed');
    return ruleContext;
  }

  /**
   * Follows a restart that stands in the journal, this process's own or one that a former process left, and records how it ends.
   * @returns the workload as last seen; undefined when it is gone
   */
  async follow(ref: WorkloadRef): Promise<Observed | undefined> {
    const { signal, sleep } = this.#options;
    const never = Number.NEGATIVE_INFINITY;
    const course: Course = { status: '', lookedAt: never, askedAt: never, failures: 0, said: new SayOnce() };
    while (!signal.aborted) {
      try {
        const step = await this.#step(ref, course);
        if (step.done) return step.observed;
        course.failures = 0;
        course.said.over();
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#unread(ref, course, error);
        if (this.#isLost(ref)) return undefined;
      }
      await sleep(backOff(course.failures + 1, POLLS), signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Reports a problem once, until it changes. */
  #unread(ref: WorkloadRef, course: Course, error: unknown): void {
    if (course.said.isNews(undefined, messageOf(error))) this.#options.listener.trouble(ref, error);
    course.failures += 1;
  }

  /**
   * Ends a restart whose workload has been unreadable for too long, for example because a right was taken away. There is no verdict to
   * report with it, so it is told as trouble.
   * @returns whether it did
   */
  #isLost(ref: WorkloadRef): boolean {
    const { journal, ruleContext, listener } = this.#options;
    const entry = journal.get(ref);
    const { now, policy } = ruleContext();
    if (!entry || entry.outcome || patienceWith(entry, policy, now).cluster) return false;
    journal.end(ref, 'failed:unverified');
    listener.trouble(ref, new Error('its restart counts as failed:unverified, because the workload cannot be read'));
    return true;
  }

  async #step(ref: WorkloadRef, course: Course): Promise<Step> {
    const { cluster, observer, journal, ruleContext } = this.#options;
    const workload = await cluster.workload(ref);
    const entry = journal.get(ref);
    if (!entry || entry.outcome) return { done: true, observed: await observer.observe(ref) };
    if (!workload || workload.deleting || workload.uid !== entry.uid) {
      journal.forget(keyOf(ref));
      return { done: true, observed: await observer.observe(ref) };
    }
    const { now, policy } = ruleContext();
    course.since ??= now;
    course.inherited ??= now > entry.since + policy.restartTimeout;
    const patience = patienceWith(entry, policy, now);
    const isHeld = workload.paused || isRefusedByInjector(workload);
    if ((patience.people && isHeld) || (patience.cluster && isNotReached(workload))) course.excusedAt = now;
    const allowed = { timeout: policy.restartTimeout, excusedAt: course.excusedAt };
    const progress = progressOf(workload, entry, now, allowed);
    if (progress.kind === 'unwritten') return this.#unwritten(ref, now - course.since > LANDS_WITHIN);
    journal.confirm(ref);
    if (progress.kind === 'progressing' && !isWorthALook(workload, course, now)) return { done: false };
    return this.#judgeStep(entry, workload, progress, { course, now, patience });
  }

  /** A request whose answer was lost may still arrive for a while. After that, the restart was certainly not written. */
  async #unwritten(ref: WorkloadRef, never: boolean): Promise<Step> {
    if (!never) return { done: false };
    this.#options.journal.cancel(ref);
    return { done: true, observed: await this.#options.observer.observe(ref) };
  }

  async #judgeStep(
    entry: JournalEntry,
    workload: Workload,
    progress: Progress,
    { course, now, patience }: { readonly course: Course; readonly now: number; readonly patience: Patience },
  ): Promise<Step> {
    const { observer, mesh, ruleContext } = this.#options;
    const observed = await observer.observe(workload);
    // it may have been made anew since it was read: the next step tells
    if (observed?.workload.uid !== entry.uid) return { done: false };
    const assessed = await observer.assess(mesh(), observed, this.#isDoubtful(workload, course, now));
    const isExcused = isUnreachable(assessed) || (patience.people && isRefused(assessed));
    if (patience.cluster && isExcused && (progress.kind === 'progressing' || progress.kind === 'failed')) {
      course.excusedAt = now;
      return { done: false };
    }
    const circumstances = { entry, rules: ruleContext().policy, inherited: course.inherited ?? false };
    const end = endOf(progress, assessed, circumstances);
    if (!end) return { done: false };
    if (end.outcome === 'failed:wrong-image') return this.#wrongImage(observed, progress, circumstances);
    return { done: true, observed: await this.#end(assessed, end) };
  }

  /** Asks afresh before a restart fails for its image: meanwhile another restart may have shown that the cluster rewrites it. */
  async #wrongImage(observed: Observed, progress: Progress, circumstances: Circumstances): Promise<Step> {
    const { observer, mesh } = this.#options;
    const fresh = await observer.assess(mesh(), observed, true);
    const end = endOf(progress, fresh, circumstances);
    if (!end) return { done: false };
    const learnt = end.outcome === 'failed:wrong-image' ? this.#learn(circumstances.entry, fresh) : undefined;
    return { done: true, observed: await this.#end(fresh, learnt ?? end) };
  }

  /**
   * New pods may have another image because the cluster rewrites images, to a mirror's or to a pinned one. If the injector still gives the
   * answer that the restart was made for, and it has not changed since, the cluster has rewritten it, and another restart would bring the
   * same image. An old replica that still injects looks the same, so an image of another version is only learnt where all replicas agree.
   */
  #learn(entry: JournalEntry, assessed: Assessed): End | undefined {
    const { journal, listener } = this.#options;
    if (!isOutdated(assessed) || fingerprint(assessed.verdict.expected) !== entry.restartedFor) return undefined;
    const { groups, verdict, injection } = assessed;
    const isSteady = injection.run === entry.run && groups.every(({ ready }) => ready);
    const rule = isSteady ? learn(verdict.expected, groups) : undefined;
    if (rule?.kind === 'exact' && !this.#replicasAgree(injection, verdict.expected)) return undefined;
    if (!rule) return undefined;
    const words = `the cluster rewrites ${verdict.expected.image} to ${verdict.actual.image}`;
    const learnt = journal.learn(injection.run, rule, assessed.workload.namespace);
    // what does not count would be outdated again at once, and restarted again
    if (learnt === 'full') return undefined;
    if (learnt === 'news') listener.learnt(assessed, words);
    return { outcome: 'verified', detail: words };
  }

  /**
   * Whether no upgrade of the control plane is under way; where that cannot be seen, whether its answers were confirmed (gates G1 to G3).
   */
  #replicasAgree(injection: Injection, expected: ExpectedSidecar): boolean {
    const unconfirmed = this.#options.ruleContext().unconfirmed(injection);
    return closedGate({ injection, expected, unconfirmed }, new Set(['proxy-newer-than-istiod'])) === undefined;
  }

  /**
   * Whether to ask if the injector is there at all. Pods are missing, and the status of some kinds does not say why.
   */
  #isDoubtful({ kind, rollout }: Workload, course: Course, now: number): boolean {
    const doubtful = isMissingSilently(kind, rollout) && now >= course.askedAt + ASK_EVERY;
    if (doubtful) course.askedAt = now;
    return doubtful;
  }

  /** The end counts from the moment it stands in the journal; on the workload it stands for people. */
  async #end(assessed: Assessed, { outcome, detail }: End): Promise<Observed | undefined> {
    const { observer, listener, journal } = this.#options;
    const { workload } = assessed;
    const ended = journal.end(workload, outcome);
    if (!ended) return observer.observe(workload);
    const words = isFailure(outcome) ? await this.#rejection(workload, ended) : undefined;
    listener.ended({ ...assessed, entry: ended }, outcome, words ? `${detail}; ${words}` : detail);
    await journal.stored();
    await this.#note(workload, ended);
    return observer.observe(workload);
  }

  /** Writes the record with its end on the workload. If that fails, nothing else depends on it. */
  async #note(workload: Workload, ended: JournalEntry): Promise<void> {
    const { cluster, signal } = this.#options;
    let latest: Workload | undefined = workload;
    for (let tries = OUTCOME_TRIES; tries > 0 && latest && !signal.aborted; tries--) {
      try {
        await cluster.patch(latest, outcomePatch(latest.resourceVersion, ended));
        return;
      } catch (error) {
        if (!isConflict(error)) return;
        latest = await cluster.workload(workload).catch(() => undefined);
        if (latest?.uid !== ended.uid) return;
      }
    }
  }

  /** Why a rollout failed, in the words of the component that refused something; undefined if they cannot be read. */
  async #rejection(workload: Workload, { restartedAt }: JournalEntry): Promise<string | undefined> {
    const { cluster } = this.#options;
    return workload.rollout.createFailure ?? cluster.rejection(workload, restartedAt).catch(() => undefined);
  }

  /**
   * Closes an episode whose pods became current and ready after the restart had been given up, if a fresh look still says so.
   * @throws {PlanOvertaken} when it does not, which the plan may not see yet
   */
  async close(ref: WorkloadRef): Promise<Observed | undefined> {
    const { observer, mesh, ruleContext } = this.#options;
    const observed = await observer.observe(ref);
    if (!observed) return undefined;
    const assessed = await observer.assess(mesh(), observed);
    if (!canClose(assessed, ruleContext())) throw new PlanOvertaken('its pods are not current by now');
    return this.#end(assessed, { outcome: 'verified', detail: 'its pods became current later' });
  }
}

type RestartPatch = typeof restartPatch;

interface Step {
  readonly done: boolean;
  readonly observed?: Observed | undefined;
}

/** What is known of a restart while it is followed. Times are those of the steady clock. */
interface Course {
  /** The controller's counts when its pods were last looked at, and when that was. */
  status: string;
  lookedAt: number;
  askedAt: number;
  /** Readings that failed in a row. */
  failures: number;
  /** Why they failed. */
  readonly said: SayOnce;
  /** When this process began to follow it. */
  since?: number;
  excusedAt?: number;
  inherited?: boolean;
}

/** Whether a restart that does not get on may still go beyond its time limit, by who keeps it from that. */
interface Patience {
  /**
   * Whoever may write the workload can pause it, or write what the injector refuses. They get the time limit twice: others need the slot.
   */
  readonly people: boolean;
  /** No injector is reached, or the API server does not answer. */
  readonly cluster: boolean;
}

function patienceWith(entry: JournalEntry, { restartTimeout }: Pick<Policy, 'restartTimeout'>, now: number): Patience {
  const over = now - entry.since - restartTimeout;
  return { people: over < restartTimeout, cluster: over < LONGEST_EXCUSE };
}

/**
 * The journal's entry must still hold at the write: the generation shows later whether the write was made, and the retry which one it
 * answered.
 */
const isStillTrue = (entry: JournalEntry, { uid, generation, annotations }: Workload): boolean =>
  uid === entry.uid && generation === entry.generation && answeredRetry(annotations) === entry.retried;

/** Whether pods are missing and the status does not say why. */
const isMissingSilently = (kind: string, { existing, desired }: RolloutReport): boolean =>
  !ownerKind(kind).saysWhyPodsAreMissing && existing < desired;

/** Pods are worth a look once the controller has counted something new, and not at every count. */
function isWorthALook({ kind, rollout }: Workload, course: Course, now: number): boolean {
  const status = Object.values(rollout).join(' ');
  const missing = isMissingSilently(kind, rollout);
  if ((status === course.status && !missing) || now < course.lookedAt + LOOK_EVERY) return false;
  course.status = status;
  course.lookedAt = now;
  return true;
}

const isUnreachable = ({ verdict }: Assessed): boolean =>
  verdict.state === 'unknown' && verdict.reason.code === 'injector-unreachable';

const isRefused = ({ verdict }: Assessed): boolean =>
  verdict.state === 'unknown' && verdict.reason.code === 'injector-refused';

/** The answer may have taken seconds: it must still come from the injection that the API server would call now. */
function sameInjection(mesh: Mesh, { workload, injection }: Outdated): boolean {
  const matched = matchOf(mesh, workload);
  return matched.kind === 'entry' && matched.entry.epoch === injection.epoch;
}

const sameTarget = (planned: Outdated, fresh: Outdated): boolean =>
  fingerprint(planned.verdict.expected) === fingerprint(fresh.verdict.expected);

/** Admission may deny the record and let the annotation pass that `kubectl rollout restart` writes: policies do, by 422, 403 or 400. */
const isDenied = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status !== undefined && [400, 403, 422].includes(error.status);

/**
 * An answer of 4xx, a connection that was never made and a closed fence are certain; whatever else is thrown may follow a write, and so may
 * an answer of 2xx that cannot be read.
 */
function wasNotDone(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  if (error.status !== undefined) return error.status >= 400 && error.status < 500;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && NEVER_SENT.has(String(cause.code));
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);
