import type { Assessed, Outdated } from './assessed.ts';
import { Counts } from './limits/counts.ts';
import { fullLimit } from './limits/limits.ts';
import type { PlanContext, Wait } from './rule.ts';
import type { WaveOf } from './waveOf.ts';

/** Takes the workloads of the queue in their order, and starts those that no limit stops. */
export class Throttle {
  readonly #context: PlanContext;
  readonly #counts: Counts;

  constructor(assessed: readonly Assessed[], context: PlanContext, waveOf: WaveOf) {
    this.#context = context;
    this.#counts = Counts.of(assessed, context, waveOf);
  }

  /** Takes the next workload, and starts it unless a limit stops it. @returns what it waits for; undefined if it is started */
  queue(assessed: Outdated): Wait | undefined {
    this.#counts.next();
    const wait = fullLimit(assessed, this.#counts, this.#context);
    if (!wait) this.#counts.start(assessed);
    return wait;
  }
}
