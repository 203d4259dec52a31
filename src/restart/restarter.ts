import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict } from '../cluster/apiError.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Workload, WorkloadRef } from '../model.ts';
import { type Hold, holdOf, type Surroundings } from '../plan/holds.ts';
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
import { matchOf, type Sighting, type Survey } from '../survey.ts';
import { progressOf } from './progress.ts';

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
}

/** A restart that was planned and not made; it is planned again after a back-off. */
export class NotBorneOut extends Error {
  override readonly name = 'NotBorneOut';
}

/** How often a followed rollout is read. */
const POLL = 1000;

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
   * @throws {ApiError} when the cluster does not answer; nothing or one complete record was written then
   */
  async restart(planned: Outdated): Promise<Sighting | undefined> {
    const { survey, mesh, listener, cluster } = this.#options;
    const ref = planned.workload;
    const sighting = await survey.look(ref);
    if (!sighting || isInFlight(recordOf(sighting.workload))) return sighting;
    const judged = await survey.judge(mesh(), sighting, true);
    if (!isOutdated(judged)) return this.#notOutdated(sighting, judged);
    const { now, hold } = this.#hold(judged);
    if (hold) throw new NotBorneOut(hold.reason.detail);
    if (!sameTarget(planned, judged)) throw new NotBorneOut('the injector has just given another answer than before');
    if (!sameInjection(mesh(), judged)) throw new NotBorneOut('the mesh has just changed');
    const record = nextRecord(judged.workload, judged.verdict.expected, judged.injection.run, now);
    const written = await unlessConflict(cluster.patch(ref, restartPatch(judged.workload.resourceVersion, record)));
    if (!written) throw new NotBorneOut('somebody else has just written it');
    listener.restarted(judged, written);
    return this.follow(written);
  }

  /** A fresh answer that could not be had is backed off, lest the kept one ask for the same again at once. */
  #notOutdated(sighting: Sighting, { verdict }: Judged): Sighting {
    if (verdict.state === 'unknown') throw new NotBorneOut(verdict.reason.detail);
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
    const { signal, listener } = this.#options;
    while (!signal.aborted) {
      try {
        const step = await this.#step(ref);
        if (step.done) return step.sighting;
      } catch (error) {
        listener.trouble(ref, error);
      }
      await sleep(POLL, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async #step(ref: WorkloadRef): Promise<{ done: boolean; sighting?: Sighting | undefined }> {
    const { cluster, survey, mesh, surroundings } = this.#options;
    const workload = await cluster.workload(ref);
    const record = workload && recordOf(workload);
    if (!workload || workload.deleting || !isInFlight(record)) return { done: true, sighting: await survey.look(ref) };
    const { now, policy } = surroundings();
    const progress = progressOf(workload, now, policy.restartTimeout);
    if (progress.kind === 'progressing') return { done: false };
    const sighting = await survey.look(ref);
    if (!sighting) return { done: true };
    const judged = await survey.judge(mesh(), sighting);
    const end = endOf(progress, judged);
    return end ? { done: true, sighting: await this.#end(sighting, judged, end) } : { done: false };
  }

  async #end(sighting: Sighting, judged: Judged, { outcome, detail }: End): Promise<Sighting | undefined> {
    const { cluster, survey, listener } = this.#options;
    const { workload } = sighting;
    const written = await unlessConflict(cluster.patch(workload, outcomePatch(workload.resourceVersion, outcome)));
    if (!written) throw new Error('the workload changed while its outcome was recorded; reading it again');
    listener.ended({ ...judged, workload: written }, outcome, detail);
    return survey.look(workload);
  }

  /** Closes an episode whose pods became current and ready after the restart had been given up, if a fresh look still says so. */
  async close(ref: WorkloadRef): Promise<Sighting | undefined> {
    const { survey, mesh } = this.#options;
    const sighting = await survey.look(ref);
    if (!sighting) return undefined;
    const judged = await survey.judge(mesh(), sighting);
    if (!canClose(judged)) return sighting;
    return this.#end(sighting, judged, { outcome: 'verified', detail: 'its pods became current later' });
  }
}

interface End {
  readonly outcome: Outcome;
  readonly detail: string;
}

/**
 * How a followed restart ended; undefined: it has not yet. Pods are judged first: where all are current it is verified,
 * whatever annotations and conditions say. What cannot be told is waited for until the time limit.
 */
function endOf(progress: ReturnType<typeof progressOf>, { verdict }: Judged): End | undefined {
  if (verdict.state === 'current' && progress.kind !== 'failed') {
    return { outcome: 'verified', detail: 'every pod is ready with the expected sidecar' };
  }
  if (progress.kind !== 'complete') return progress.kind === 'progressing' ? undefined : progress.end;
  if (verdict.state === 'skipped') return { outcome: 'superseded', detail: verdict.reason.detail };
  if (verdict.state !== 'outdated') return progress.late ? UNVERIFIED : undefined;
  return progress.isFor(verdict.expected)
    ? { outcome: 'failed:not-injected', detail: 'the new pods are ready without the expected sidecar' }
    : { outcome: 'superseded:expectation', detail: 'the injector expects another sidecar by now' };
}

const UNVERIFIED: End = {
  outcome: 'failed:unverified',
  detail: 'nobody could say within the time limit what the new pods should have',
};

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
