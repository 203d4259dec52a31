import { isConflict } from '../cluster/apiError.ts';
import type { Workload, WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { Assessed } from '../plan/assessed.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { isFailure } from '../plan/outcomes.ts';
import { canClose } from '../plan/plan.ts';
import { outcomePatch } from '../plan/record.ts';
import { PlanOvertaken } from './planOvertaken.ts';
import type { End } from './progress.ts';
import type { RestarterOptions } from './restarterOptions.ts';

/** An outcome is written on its workload for people. If that fails, the journal has it all the same. */
const OUTCOME_TRIES = 3;

/** Records how restarts end: in the journal, on the workload, and to the listener. */
export class RestartEnding {
  readonly #options: RestarterOptions;

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /**
   * The end counts as soon as the journal has it. The record on the workload is for people.
   * @returns the workload as last seen; undefined when it is gone
   */
  async end(assessed: Assessed, { outcome, detail }: End): Promise<Observed | undefined> {
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
    return this.end(assessed, { outcome: 'verified', detail: 'its pods became current later' });
  }
}
