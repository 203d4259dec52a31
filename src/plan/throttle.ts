import type { Assessed, Outdated } from './assessed.ts';
import { Counts } from './limits/counts.ts';
import { fullLimit } from './limits/limits.ts';
import type { PlanContext, Wait } from './rule.ts';
import type { WaveOf } from './waveOf.ts';

/** A place in the queue, and what keeps the workload waiting in it. */
export interface QueuePlace {
  readonly order: number;
  readonly wait?: Wait;
}

/** Assigns workloads their places in the queue, and starts those that no limit stops. */
export class Throttle {
  readonly #context: PlanContext;
  readonly #counts: Counts;

  constructor(assessed: readonly Assessed[], context: PlanContext, waveOf: WaveOf) {
    this.#context = context;
    this.#counts = new Counts(assessed, context, waveOf);
  }

  /** Assigns a workload its place in the queue, and starts it if no limit stops it. */
  queue(assessed: Outdated): QueuePlace {
    const order = this.#counts.next();
    const wait = fullLimit(assessed, this.#counts, this.#context);
    if (wait) return { order, wait };
    this.#counts.start(assessed);
    return { order };
  }
}
