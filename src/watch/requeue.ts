import type { WorkloadKey } from '../model.ts';

/** Workloads read again in one turn at the most, and the least time between two such turns: the cap on what waiting may cost. */
const AT_ONCE = 2;
const EVERY = 1000;

/** The times at which workloads are read again whose wait no watch and no timer ends. */
export class Requeue {
  readonly #at = new Map<WorkloadKey, number>();
  #last = 0;

  /** @param waiting every workload, with the milliseconds after which it is read again where neither time nor a watch ends its wait */
  note(waiting: ReadonlyMap<WorkloadKey, number | undefined>, now: number): void {
    for (const [key, after] of waiting) {
      if (after === undefined) this.#at.delete(key);
      else if (!this.#at.has(key)) this.#at.set(key, now + after);
    }
    for (const key of this.#at.keys()) if (!waiting.has(key)) this.#at.delete(key);
  }

  /** When the next is due; infinite if none is. */
  dueAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const at of this.#at.values()) first = Math.min(first, at);
    return Math.max(first, this.#last + EVERY);
  }

  /** Takes those that are due, the most overdue first, a few at a time. */
  take(now: number, busy: { has(key: WorkloadKey): boolean }): WorkloadKey[] {
    if (this.dueAt() > now) return [];
    this.#last = now;
    const due = [...this.#at].filter(([key, at]) => at <= now && !busy.has(key)).sort(([, a], [, b]) => a - b);
    const first = due.slice(0, AT_ONCE).map(([key]) => key);
    for (const key of first) this.#at.delete(key);
    return first;
  }
}
