import { isConflict } from '../cluster/apiError.ts';
import type { Workload, WorkloadRef } from '../model.ts';
import { lenderOf } from '../observe/borrowedTemplate.ts';
import type { Observed } from '../observe/observed.ts';
import { type Assessed, ofSource } from '../plan/assessed.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { isFailure, type Outcome } from '../plan/outcomes.ts';
import { canClose } from '../plan/plan.ts';
import { outcomePatch, sourceIn, type Target, targetsOf } from '../plan/record.ts';
import { PlanOvertaken } from './planOvertaken.ts';
import type { End } from './progress.ts';
import type { RestarterOptions } from './restarterOptions.ts';

/** The outcome is also written on the workload, for users. If that fails, the journal still has it. */
const OUTCOME_TRIES = 3;

/** Records the outcome of a restart in the journal and on the workload, and calls the listener. */
export class RestartEnding {
  readonly #options: RestarterOptions;

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * Records an outcome. It counts as soon as the journal has it; the record on the workload is for users. After its term it records
   * nothing: the next one follows the restart, and would tell its end again.
   * @param ends how it ended for each of its targets, if it has several
   * @param seen the look that has shown it, if it was just made: all pods were new and ready, so there is nothing to see again
   * @returns the last observation of the workload; undefined if it was deleted
   * @throws what the term's signal was aborted with, if it was
   */
  async end(
    assessed: Assessed,
    { outcome, detail }: End,
    ends?: ReadonlyMap<string, Outcome>,
    seen?: Observed,
  ): Promise<Observed | undefined> {
    const { observer, listener, journal, phases, signal } = this.#options;
    const { workload } = assessed;
    signal.throwIfAborted();
    const ended = journal.end(workload, outcome, ends);
    if (!ended) return observer.observe(workload);
    const words = isFailure(outcome) ? await this.#rejection(workload, ended) : undefined;
    const told = words ? `${detail}; ${words}` : detail;
    listener.ended({ ...assessed, entry: ended }, outcome, told);
    phases?.ended(workload, outcome, told);
    await journal.stored();
    const noted = await this.#note(workload, ended);
    return seen && noted && !lenderOf(noted) ? { ...seen, workload: noted } : observer.observe(workload);
  }

  /**
   * Writes the record with its outcome on the workload. A failure is harmless: nothing depends on this write.
   * @returns the workload as it is then; undefined if it could not be written, or has changed since it was read
   */
  async #note(workload: Workload, ended: JournalEntry): Promise<Workload | undefined> {
    const { cluster, signal } = this.#options;
    let latest: Workload | undefined = workload;
    for (let tries = OUTCOME_TRIES; tries > 0 && latest && !signal.aborted; tries--) {
      try {
        const written = await cluster.patch(latest, outcomePatch(latest.resourceVersion, ended));
        return latest === workload ? written : undefined;
      } catch (error) {
        if (!isConflict(error)) return undefined;
        latest = await cluster.workload(workload).catch(() => undefined);
        if (latest?.uid !== ended.uid) return undefined;
      }
    }
    return undefined;
  }

  /** The message of the component that caused a rollout to fail; undefined if it cannot be read. */
  async #rejection(workload: Workload, { restartedAt }: JournalEntry): Promise<string | undefined> {
    const { cluster } = this.#options;
    return workload.rollout.createFailure ?? cluster.rejection(workload, restartedAt).catch(() => undefined);
  }

  /**
   * Ends an episode whose pods became current and ready after the restart was given up. It reads the workload again first.
   * @throws {PlanOvertaken} when the pods are no longer current and ready
   */
  async close(ref: WorkloadRef): Promise<Observed | undefined> {
    const { observer, mesh, ruleContext } = this.#options;
    const observed = await observer.observe(ref);
    if (!observed) return undefined;
    const assessed = await observer.assess(mesh(), observed);
    if (!canClose(assessed, ruleContext())) throw new PlanOvertaken('its pods are no longer current');
    const all = assessed.entry ? targetsOf(assessed.entry) : [];
    const isNamed = ({ restartedFor }: Target): boolean => ofSource(assessed, sourceIn(restartedFor)) !== undefined;
    const ends = new Map(
      all.map((one): [string, Outcome] => [one.restartedFor, isNamed(one) ? 'verified' : (one.outcome ?? 'verified')]),
    );
    return this.end(assessed, { outcome: 'verified', detail: 'its pods became current later' }, ends);
  }
}
