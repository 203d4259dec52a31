import { isConflict } from '../cluster/apiError.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Workload, WorkloadRef } from '../model.ts';
import { holdOf } from '../plan/holds.ts';
import { isOutdated, type Judged, type Outdated } from '../plan/judged.ts';
import { canClose } from '../plan/plan.ts';
import {
  fingerprint,
  isInFlight,
  nextRecord,
  type Outcome,
  outcomePatch,
  recordOf,
  restartPatch,
} from '../plan/record.ts';
import type { Hold, Surroundings } from '../plan/rule.ts';
import { matchOf, type Sighting, type Survey } from '../survey.ts';
import { type End, endOf, isRefusedByInjector, progressOf } from './progress.ts';

/** What a restarter tells while it works; the report turns each into log, metric and Event. */
export interface RestartListener {
  restarted(judged: Judged, written: Workload): void;
  ended(judged: Judged, outcome: Outcome, detail: string): void;
  trouble(ref: WorkloadRef, error: unknown): void;
}

export interface RestarterOptions {
  readonly cluster: Cluster;
  readonly survey: Survey;
  /** The mesh as it is at the moment of the call, not as it was when the plan was made. */
  readonly mesh: () => Mesh;
  readonly surroundings: () => Surroundings;
  readonly listener: RestartListener;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A restart that was planned and not made; it is planned again after a back-off. */
export class NotBorneOut extends Error {
  override readonly name = 'NotBorneOut';
}

/** A restart whose write was sent and not confirmed: it may have been done. */
export class MaybeWritten extends Error {
  override readonly name = 'MaybeWritten';
}

/** How often a followed rollout is read. */
const POLL = 1000;
/** How often the pods of a rollout are listed, and its injector asked whether it is there, at the most. */
const LOOK_EVERY = 5000;
const ASK_EVERY = 15_000;
/** How long an injector that does not answer may keep a restart from ending; then its slot is given to others. */
const LONGEST_EXCUSE = 60 * 60_000;

/**
 * Carries out one restart: looks again, asks afresh, writes once, follows to the end, verifies the new pods and records the outcome.
 * All that it knows it reads from the cluster, so another process can take over at any point.
 */
export class Restarter {
  readonly #options: RestarterOptions;

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * Restarts a workload if everything still speaks for it, the fresh answer among it: only if it is the one that the plan rests on (gate G3).
   * @returns the workload as last seen; undefined when it is gone
   * @throws {NotBorneOut} when the fresh look speaks against it and the plan does not know why yet
   * @throws {MaybeWritten} because of its cause when the answer to the write did not come; nothing or one complete record was written then
   * @throws {ApiError} when the cluster does not answer before that; nothing was written then
   */
  async restart(planned: Outdated): Promise<Sighting | undefined> {
    const { survey, mesh, listener, cluster } = this.#options;
    const ref = planned.workload;
    const sighting = await survey.look(ref);
    if (!sighting || isInFlight(sighting.workload)) return sighting;
    const judged = await survey.judge(mesh(), sighting, true);
    if (!isOutdated(judged)) return this.#notOutdated(sighting, judged, planned);
    const { now, hold } = this.#hold(judged);
    if (hold) throw new NotBorneOut(hold.reason.detail);
    if (!sameTarget(planned, judged)) throw new NotBorneOut('the injector has just given another answer than before');
    if (!sameInjection(mesh(), judged)) throw new NotBorneOut('the mesh has just changed');
    const record = nextRecord(judged.workload, judged.verdict.expected, judged.injection.run, now);
    const patch = restartPatch(judged.workload.resourceVersion, record);
    const written = await unlessConflict(cluster.patch(ref, patch)).catch((cause: Error) => {
      throw new MaybeWritten(cause.message, { cause });
    });
    if (!written) throw new NotBorneOut('somebody else has just written it');
    listener.restarted(judged, written);
    return this.follow(written);
  }

  /**
   * A fresh answer that could not be had is backed off, lest the kept one ask for the same again at once; and so is one under another
   * mesh than the plan's, which rests on the old one until the burst of changes is over.
   */
  #notOutdated(sighting: Sighting, { verdict, injection }: Judged, planned: Outdated): Sighting {
    if (verdict.state === 'unknown') throw new NotBorneOut(verdict.reason.detail);
    if (injection?.epoch !== planned.injection.epoch) throw new NotBorneOut('the mesh has just changed');
    return sighting;
  }

  /** The rules once more, on the fresh verdict: an upgrade may have begun since the plan was made. */
  #hold(judged: Judged): { now: number; hold: Hold | undefined } {
    const surroundings = this.#options.surroundings();
    return { now: surroundings.now, hold: isOutdated(judged) ? holdOf(judged, surroundings) : undefined };
  }

  /**
   * Follows a restart that is recorded on the workload, this process's own or one that a former process left, and records how it ends.
   * @returns the workload as last seen; undefined when it is gone
   */
  async follow(ref: WorkloadRef): Promise<Sighting | undefined> {
    const { signal, listener, sleep } = this.#options;
    const course: Course = { status: '', lookedAt: 0, askedAt: 0 };
    while (!signal.aborted) {
      try {
        const step = await this.#step(ref, course);
        if (step.done) return step.sighting;
      } catch (error) {
        if (!signal.aborted) listener.trouble(ref, error);
      }
      await sleep(POLL, signal).catch(() => undefined);
    }
    return undefined;
  }

  async #step(ref: WorkloadRef, course: Course): Promise<{ done: boolean; sighting?: Sighting | undefined }> {
    const { cluster, survey, mesh, surroundings } = this.#options;
    const workload = await cluster.workload(ref);
    const record = workload && recordOf(workload);
    if (!workload || workload.deleting || !record || record.outcome)
      return { done: true, sighting: await survey.look(ref) };
    const { now, policy } = surroundings();
    course.inherited ??= now > record.restartedAt + policy.restartTimeout;
    const excusable = now < record.restartedAt + policy.restartTimeout + LONGEST_EXCUSE;
    if (excusable && (workload.paused || isRefusedByInjector(workload))) course.excusedAt = now;
    const allowed = { timeout: policy.restartTimeout, excusedAt: course.excusedAt };
    const progress = progressOf(workload, record, now, allowed);
    if (progress.kind === 'progressing' && !isWorthALook(workload, course, now)) return { done: false };
    const sighting = await survey.look(ref);
    if (!sighting) return { done: true };
    const judged = await survey.judge(mesh(), sighting, this.#isDoubtful(workload, course, now));
    if (excusable && isUnanswered(judged) && (progress.kind === 'progressing' || progress.kind === 'failed')) {
      course.excusedAt = now;
      return { done: false };
    }
    const end = endOf(progress, judged, { record, rules: policy, inherited: course.inherited });
    return end ? { done: true, sighting: await this.#end(sighting, judged, end) } : { done: false };
  }

  /**
   * Whether the injector is to be asked whether it is there at all: pods are missing, and of a StatefulSet or DaemonSet only Events would
   * say why.
   */
  #isDoubtful({ kind, rollout }: Workload, course: Course, now: number): boolean {
    const doubtful = kind !== 'Deployment' && rollout.existing < rollout.desired && now >= course.askedAt + ASK_EVERY;
    if (doubtful) course.askedAt = now;
    return doubtful;
  }

  async #end({ workload }: Sighting, judged: Judged, { outcome, detail }: End): Promise<Sighting | undefined> {
    const { cluster, survey, listener } = this.#options;
    const record = recordOf(workload);
    if (!record) throw new Error('the record of the restart is gone; reading it again');
    const words = outcome.startsWith('failed:') ? await this.#complaint(workload) : undefined;
    const patch = outcomePatch(workload.resourceVersion, record, outcome);
    const written = await unlessConflict(cluster.patch(workload, patch));
    if (!written) throw new Error('the workload changed while its outcome was recorded; reading it again');
    listener.ended({ ...judged, workload: written }, outcome, words ? `${detail}; ${words}` : detail);
    return survey.look(workload);
  }

  /** Why a rollout failed, in the words of who refused something; that it cannot be read changes nothing. */
  async #complaint(workload: Workload): Promise<string | undefined> {
    return workload.rollout.createFailure ?? this.#options.cluster.complaint(workload).catch(() => undefined);
  }

  /**
   * Closes an episode whose pods became current and ready after the restart had been given up, if a fresh look still says so.
   * @throws {NotBorneOut} when it does not, which the plan may not see yet
   */
  async close(ref: WorkloadRef): Promise<Sighting | undefined> {
    const { survey, mesh, surroundings } = this.#options;
    const sighting = await survey.look(ref);
    if (!sighting) return undefined;
    const judged = await survey.judge(mesh(), sighting);
    if (!canClose(judged, surroundings())) throw new NotBorneOut('its pods are not current by now');
    return this.#end(sighting, judged, { outcome: 'verified', detail: 'its pods became current later' });
  }
}

/** What is known of a restart while it is followed. */
interface Course {
  /** The controller's counts when its pods were last looked at, and when that was. */
  status: string;
  lookedAt: number;
  askedAt: number;
  excusedAt?: number;
  inherited?: boolean;
}

/** Pods are worth a look once the controller has counted something new, and not at every count. */
function isWorthALook({ kind, rollout }: Workload, course: Course, now: number): boolean {
  const status = Object.values(rollout).join(' ');
  const missing = kind !== 'Deployment' && rollout.existing < rollout.desired;
  if ((status === course.status && !missing) || now < course.lookedAt + LOOK_EVERY) return false;
  course.status = status;
  course.lookedAt = now;
  return true;
}

const isUnanswered = ({ verdict }: Judged): boolean =>
  verdict.state === 'unknown' && ['injector-unreachable', 'injector-refused'].includes(verdict.reason.code);

/** The answer may have taken seconds: it must still come from the injection that the API server would call now. */
function sameInjection(mesh: Mesh, { workload, injection }: Outdated): boolean {
  const matched = matchOf(mesh, workload);
  return matched.kind === 'entry' && matched.entry.epoch === injection.epoch;
}

const sameTarget = (planned: Outdated, fresh: Outdated): boolean =>
  fingerprint(planned.verdict.expected) === fingerprint(fresh.verdict.expected);

/** The patched workload, or undefined when somebody else wrote first: then everything is to be decided again. */
async function unlessConflict(patching: Promise<Workload>): Promise<Workload | undefined> {
  try {
    return await patching;
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}
