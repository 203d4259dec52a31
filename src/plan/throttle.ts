import type { WorkloadKey } from '../model.ts';
import type { Outdated } from './assessed.ts';
import type { Counts } from './limits/counts.ts';
import { fullLimit } from './limits/limits.ts';
import { maxInFlight } from './limits/maxInFlight.ts';
import type { PlanContext } from './planContext.ts';
import { isSameWait, type Wait } from './wait.ts';
import type { WaitCode } from './waitReasons.ts';

/** Takes the workloads of the queue in their order, and starts those that no limit stops. */
export class Throttle {
  readonly #context: PlanContext;
  readonly #counts: Counts;

  /** What everyone waits for, whatever comes next. */
  #full: Wait<WaitCode> | undefined;

  constructor(counts: Counts, context: PlanContext) {
    this.#context = context;
    this.#counts = counts;
  }

  /**
   * Takes the next workload, and starts it unless a limit stops it.
   * @param together its other sidecars that the restart is for, too
   * @returns what it waits for; undefined if it is started
   */
  queue(assessed: Outdated, key: WorkloadKey, together: readonly Outdated[]): Wait<WaitCode> | undefined {
    this.#counts.next();
    const wait = this.#waitOf(assessed, key);
    if (!wait) this.#counts.start(assessed, together);
    return wait;
  }

  /** What everyone waits for from now on; undefined as long as there are free slots. */
  get full(): Wait<WaitCode> | undefined {
    return this.#full;
  }

  /** Whether this workload waits for that whatever it is. Only Meltemi itself is asked for something before that limit. */
  isFullFor(key: WorkloadKey): boolean {
    return this.#full !== undefined && key !== this.#context.own;
  }

  /** Takes the next workload without a look at it, if it was found to wait for the same before. @returns whether it was taken */
  passes(before: Wait<WaitCode> | undefined): boolean {
    if (!this.#full || !before || (this.#full !== before && !isSameWait(this.#full, before))) return false;
    this.#full = before;
    this.#counts.next();
    return true;
  }

  #waitOf(assessed: Outdated, key: WorkloadKey): Wait<WaitCode> | undefined {
    if (this.#full && this.isFullFor(key)) return this.#full;
    const wait = fullLimit(assessed, this.#counts, this.#context);
    if (wait?.reason.code === maxInFlight.code) this.#full = wait;
    return wait;
  }
}
