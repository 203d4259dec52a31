import { keyOf, type WorkloadKey } from '../model.ts';
import type { Assessed } from './assessed.ts';

interface Known {
  /** Milliseconds of the steady clock. */
  readonly at: number;
  readonly sidecars: readonly string[];
}

/**
 * Since when something is so of workloads. If it is so of several sidecars, it counts from the last of them: what has long been so of one
 * must not make a restart for another one come at once.
 */
export class SinceWhen {
  readonly #which: (assessed: Assessed) => readonly string[];
  readonly #known = new Map<WorkloadKey, Known>();

  /** @param which names the sidecars of which it is so */
  constructor(which: (assessed: Assessed) => readonly string[]) {
    this.#which = which;
  }

  /** The times, by the steady clock, as they are now. */
  get times(): ReadonlyMap<WorkloadKey, number> {
    return new Map([...this.#known].map(([key, { at }]) => [key, at]));
  }

  /**
   * Notes what is so of these workloads.
   * @param now milliseconds of the steady clock
   * @param areAll whether there are no other workloads
   */
  note(assessed: readonly Assessed[], now: number, areAll = true): void {
    for (const one of assessed) this.#noteOne(keyOf(one.workload), this.#which(one), now);
    const keys = areAll && this.#known.size > 0 ? new Set(assessed.map(({ workload }) => keyOf(workload))) : undefined;
    for (const key of keys ? this.#known.keys() : []) if (!keys?.has(key)) this.#known.delete(key);
  }

  clear(): void {
    this.#known.clear();
  }

  #noteOne(key: WorkloadKey, sidecars: readonly string[], now: number): void {
    const before = this.#known.get(key);
    if (sidecars.length === 0) this.#known.delete(key);
    else if (before && sidecars.every((name) => before.sidecars.includes(name)))
      this.#known.set(key, { at: before.at, sidecars });
    else this.#known.set(key, { at: now, sidecars });
  }
}
