import { ApiError, isConflict } from '../cluster/apiError.ts';
import { actuatorOf } from '../kinds/actuatorOf.ts';
import type { Workload } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { type Assessed, isOutdated, type Outdated, ofSource } from '../plan/assessed.ts';
import { type JournalEntry, WRITTEN_WITHIN } from '../plan/journalEntry.ts';
import { answeredRetry } from '../plan/knownRestarts.ts';
import { nextEntry } from '../plan/nextEntry.ts';
import { fingerprint, restartPatch, restartPatchWithoutRecord } from '../plan/record.ts';
import type { RuleContext } from '../plan/rule.ts';
import { waitOf } from '../plan/rules/rules.ts';
import { PlanOvertaken } from './planOvertaken.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import { sameInjections } from './sameInjections.ts';

/** How often a restart is attempted in a row when other clients write the workload in between without changing its template. */
const WRITE_TRIES = 5;

type RestartPatch = typeof restartPatch;

/** Writes restarts: it records each in the journal, observes the workload again, asks the injector again, and sends the patch. */
export class RestartWriter {
  readonly #options: RestarterOptions;
  /** Namespaces in which a write with the record was refused, and why: restarts are written without it. */
  readonly #refusing = new Map<string, string>();

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * Restarts a workload if the plan still holds and the injector gives the same answer again (gate G3). The journal is written first, so
   * that nothing delays the write after the last observation.
   * @param planned the workload with the sidecar that it is restarted for
   * @param together the same with the other sidecars that the restart is for, too
   * @returns `written` if the restart was written, or may have been; otherwise the workload, which needs no restart, or undefined if it was
   * deleted
   * @throws {PlanOvertaken} when the workload has changed since it was planned and must not be restarted now
   * @throws {ApiError} when the API server does not answer or rejects the request; then nothing was written
   */
  async restart(planned: Outdated, together: readonly Outdated[] = []): Promise<Observed | undefined | 'written'> {
    let latest = planned;
    for (let tries = WRITE_TRIES; ; tries--) {
      try {
        return await this.#journalAndWrite(latest, together);
      } catch (error) {
        if (!(error instanceof WrittenByOthers) || tries <= 1) throw error;
        latest = { ...latest, ...error.latest };
      }
    }
  }

  async #journalAndWrite(planned: Outdated, together: readonly Outdated[]): Promise<Observed | undefined | 'written'> {
    const { ruleContext, journal, phases } = this.#options;
    const { workload } = planned;
    phases?.entered(workload, 'journal');
    const context = ruleContext();
    const { evicts } = actuatorOf(workload, context.policy);
    const entry = { ...nextEntry(planned, context, together), ...(evicts && { evicts }) };
    await journal.begin(workload, entry);
    try {
      const left = await this.#lookAndWrite([planned, ...together], entry);
      if (left !== 'written') journal.cancel(workload);
      return left;
    } catch (error) {
      journal.cancel(workload);
      throw error;
    }
  }

  async #lookAndWrite(
    [planned, ...together]: [Outdated, ...Outdated[]],
    entry: JournalEntry,
  ): Promise<Observed | undefined | 'written'> {
    const { observer, mesh, listener, journal, phases } = this.#options;
    phases?.entered(planned.workload, 'question');
    const observed = await observer.observe(planned.workload);
    if (!observed) return undefined;
    checkEntry(entry, planned, observed);
    const fresh = await observer.assess(mesh(), observed, true);
    // the previous restart counts, not the one that is about to be written
    const { entry: _begun, ...seen } = fresh;
    const latest = { ...seen, ...(planned.entry && { entry: planned.entry }) };
    const assessed = ofSource(latest, planned.source?.name);
    if (!assessed) throw new PlanOvertaken('the policy no longer names its sidecar');
    if (!isOutdated(assessed)) return this.#notOutdated(observed, assessed, planned);
    const others = together.flatMap(({ source }) => ofSource(latest, source?.name) ?? []).filter(isOutdated);
    if (!sameTargets([planned, ...together], [assessed, ...others]))
      throw new PlanOvertaken('the injector has just changed its answer');
    const written = await this.#write([assessed, ...others], entry);
    if (written) {
      journal.confirm(written);
      listener.restarted(assessed, written);
    }
    return 'written';
  }

  /**
   * Writes the restart with its record, or without the record if admission rejects that.
   * @returns the workload as written; undefined if there was no response, so that it is unknown whether it was written
   * @throws {Error} when nothing was written, for certain
   */
  async #write(sidecars: readonly [Outdated, ...Outdated[]], entry: JournalEntry): Promise<Workload | undefined> {
    const [assessed] = sidecars;
    const { workload } = assessed;
    const { namespace } = workload;
    const refused = this.#refusing.get(namespace);
    const patch = refused === undefined ? restartPatch : restartPatchWithoutRecord;
    try {
      const written = await this.#send(sidecars, patch, entry);
      if (written && refused !== undefined) this.#options.listener.recordRefused(assessed, refused);
      return written;
    } catch (error) {
      if (!isDenied(error)) throw error;
      // the next try leaves out the record, after another read; if that is rejected too, the record was not the cause
      if (refused === undefined) this.#refusing.set(namespace, error.message);
      else this.#refusing.delete(namespace);
      throw error;
    }
  }

  /** Checks the rules again and sends the patch. */
  async #send(
    sidecars: readonly [Outdated, ...Outdated[]],
    patchFor: RestartPatch,
    entry: JournalEntry,
  ): Promise<Workload | undefined> {
    const { cluster, journal, listener, phases } = this.#options;
    const [{ workload }] = sidecars;
    const { now, policy } = this.#stillWanted(sidecars);
    if (now - entry.since > WRITTEN_WITHIN)
      throw new PlanOvertaken("the observation and the injector's answer for this restart are too old");
    const actuator = actuatorOf(workload, policy);
    // it will be followed as it is journalled: pods are evicted, or a controller replaces them, and never both
    if (actuator.evicts !== entry.evicts)
      throw new PlanOvertaken('the policy or the workload now asks for another way to restart it');
    const beginning = actuator.begin(entry.restartedAt);
    journal.sending(workload);
    listener.sending(workload);
    phases?.entered(workload, 'write');
    try {
      return await cluster.patch(workload, patchFor(workload.resourceVersion, entry, beginning));
    } catch (error) {
      if (isConflict(error)) throw new WrittenByOthers('another client has just changed the workload', {});
      if (wasNotDone(error)) throw error;
      listener.trouble(workload, error);
      return undefined;
    }
  }

  /**
   * Backs off if the injector gave no fresh answer, because the cached answer would lead to the same attempt at once. Also backs off if the
   * mesh has changed since the plan, or the deletion of the namespace has begun, because plans use the old mesh until the burst of changes
   * is over.
   */
  #notOutdated(observed: Observed, { verdict, injection, namespace }: Assessed, planned: Outdated): Observed {
    if (verdict.state === 'unknown') throw new PlanOvertaken(verdict.reason.detail);
    if (namespace.deleting) throw new PlanOvertaken('the deletion of its namespace has begun');
    if (injection?.epoch !== planned.injection.epoch) throw new PlanOvertaken('the mesh has just changed');
    return observed;
  }

  /**
   * Checks the rules again with the fresh verdict, because an upgrade may have begun since the plan was made.
   * @param sidecars the workload with each sidecar that the restart is for
   * @throws {PlanOvertaken} when a rule now makes the workload wait
   */
  #stillWanted(sidecars: readonly [Outdated, ...Outdated[]]): RuleContext {
    const ruleContext = this.#options.ruleContext();
    for (const assessed of sidecars) {
      const wait = waitOf(assessed, ruleContext);
      if (wait) throw new PlanOvertaken(wait.reason.detail);
    }
    if (!sameInjections(this.#options.mesh(), sidecars[0])) throw new PlanOvertaken('the mesh has just changed');
    return ruleContext;
  }
}

/**
 * Another client has written the workload in between, but not its template, so the plan still holds for the latest version. Some owners
 * write metadata every second, and every annotation of a Deployment increments its generation (pkg/registry/apps/deployment/strategy.go
 * PrepareForUpdate).
 */
class WrittenByOthers extends PlanOvertaken {
  /** What has been observed since, if anything. */
  readonly latest: Partial<Observed>;

  constructor(message: string, latest: Partial<Observed>) {
    super(message);
    this.latest = latest;
  }
}

/**
 * Checks that the journal's entry is correct at the write. Its generation later shows whether the write succeeded, and its retry shows
 * which request it answered.
 * @throws {WrittenByOthers} when only the generation is another
 * @throws {PlanOvertaken} when the workload or its template is another, or another retry is requested
 */
function checkEntry(entry: JournalEntry, planned: Observed, latest: Observed): void {
  const why = 'the workload has just changed';
  const { uid, generation, annotations } = latest.workload;
  const isNewGeneration = generation !== entry.generation;
  const isNewTemplate = isNewGeneration && latest.templateHash !== planned.templateHash;
  if (uid !== entry.uid || answeredRetry(annotations) !== entry.retried || isNewTemplate) throw new PlanOvertaken(why);
  if (isNewGeneration) throw new WrittenByOthers(why, latest);
}

const sameTargets = (planned: readonly Outdated[], fresh: readonly Outdated[]): boolean =>
  targetsIn(planned) === targetsIn(fresh);

const targetsIn = (sidecars: readonly Outdated[]): string =>
  sidecars.map(({ verdict }) => fingerprint(verdict.expected)).join();

/** Policies may reject the record, with 422, 403 or 400, and still allow the annotation that `kubectl rollout restart` writes. */
const isDenied = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status !== undefined && [400, 403, 422].includes(error.status);

/**
 * Whether an error proves that nothing was written: a 4xx response, a connection that was never opened, or a closed fence. After any other
 * error, or a 2xx response that cannot be read, the write may have succeeded.
 */
function wasNotDone(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  if (error.status !== undefined) return error.status >= 400 && error.status < 500;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && NEVER_SENT.has(String(cause.code));
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);
