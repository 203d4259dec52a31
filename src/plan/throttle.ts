import type { WorkloadKey } from '../model.ts';
import type { Outdated } from './assessed.ts';
import type { Counts } from './limits/counts.ts';
import { fullLimit } from './limits/limits.ts';
import { maxInFlight } from './limits/maxInFlight.ts';
import type { PlanContext, Wait } from './rule.ts';

/** Takes the workloads of the queue in their order, and starts those that no limit stops. */
export class Throttle {
  readonly #context: PlanContext;
  readonly #counts: Counts;

  /** What everyone waits for, whatever comes next. */
  #full: Wait | undefined;

  constructor(counts: Counts, context: PlanContext) {
    this.#context = context;
    this.#counts = counts;
  }

  /** Takes the next workload, and starts it unless a limit stops it. @returns what it waits for; undefined if it is started */
  queue(assessed: Outdated, key: WorkloadKey): Wait | undefined {
    this.#counts.next();
    const wait = this.#waitOf(assessed, key);
    if (!wait) this.#counts.start(assessed);
    return wait;
  }

  #waitOf(assessed: Outdated, key: WorkloadKey): Wait | undefined {
    // only Meltemi itself is asked for something before that limit
    if (this.#full && key !== this.#context.own) return this.#full;
    const wait = fullLimit(assessed, this.#counts, this.#context);
    if (wait?.reason.code === maxInFlight.code) this.#full = wait;
    return wait;
  }
}
