import { ApiError, isConflict } from '../cluster/apiError.ts';
import { matchOf } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { type Assessed, isOutdated, type Outdated } from '../plan/assessed.ts';
import { answeredRetry, type JournalEntry, nextEntry, WRITTEN_WITHIN } from '../plan/journalEntry.ts';
import { barePatch, fingerprint, restartPatch } from '../plan/record.ts';
import type { RuleContext } from '../plan/rule.ts';
import { waitOf } from '../plan/rules/rules.ts';
import { PlanOvertaken } from './planOvertaken.ts';
import type { RestarterOptions } from './restarterOptions.ts';

/** A restart is sent so often where others write the workload's metadata in between. */
const WRITE_TRIES = 5;

type RestartPatch = typeof restartPatch;

/** Writes restarts: looks again, asks afresh, journals, and writes once. */
export class RestartWriter {
  readonly #options: RestarterOptions;
  /** Namespaces in which a write with the record was refused, and why: restarts are written without it. */
  readonly #refusing = new Map<string, string>();

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * Restarts a workload if everything still speaks for it, the fresh answer among it: only if it is the one that the plan rests on (gate
   * G3). It is journalled first, so that nothing lies between the last look and the write.
   * @returns `written` when it is written, or may be; else the workload, which needs none, or undefined when it is gone
   * @throws {PlanOvertaken} when the fresh look speaks against it and the plan does not know why yet
   * @throws {ApiError} when the cluster does not answer or refuses; nothing was written then
   */
  async restart(planned: Outdated): Promise<Observed | undefined | 'written'> {
    const { ruleContext, journal } = this.#options;
    const { workload, verdict, injection } = planned;
    const entry = nextEntry(planned, verdict.expected, injection.run, ruleContext());
    await journal.begin(workload, entry);
    try {
      const left = await this.#lookAndWrite(planned, entry);
      if (left !== 'written') journal.cancel(workload);
      return left;
    } catch (error) {
      journal.cancel(workload);
      throw error;
    }
  }

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
   * A fresh answer that could not be had is backed off, or the kept one would ask for the same again at once. So is one under another
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
}

/**
 * The journal's entry must still hold at the write: the generation shows later whether the write was made, and the retry which one it
 * answered.
 */
const isStillTrue = (entry: JournalEntry, { uid, generation, annotations }: Workload): boolean =>
  uid === entry.uid && generation === entry.generation && answeredRetry(annotations) === entry.retried;

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
