import type { WorkloadKey } from '../model.ts';

/** The maximum number of workloads read again in one turn, and the minimum time between two turns. They limit the cost of waiting. */
const AT_ONCE = 2;
const EVERY = 1000;

/** Schedules reads of workloads whose wait is not ended by a watch or a timer. */
export class Requeue {
  readonly #due = new Map<WorkloadKey, { readonly at: number; readonly after: number }>();
  #last = 0;

  /**
   * @param waiting workloads, with their interval in milliseconds if neither a timer nor a watch ends their wait
   * @param areAll whether there are no others
   */
  note(waiting: ReadonlyMap<WorkloadKey, number | undefined>, now: number, areAll = true): void {
    for (const [key, after] of waiting) {
      if (after === undefined) this.#due.delete(key);
      else this.#due.set(key, { at: this.#due.get(key)?.at ?? now + after, after });
    }
    if (areAll) for (const key of this.#due.keys()) if (!waiting.has(key)) this.#due.delete(key);
  }

  /** When the next read is due; infinite if none is. */
  dueAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { at } of this.#due.values()) first = Math.min(first, at);
    return Math.max(first, this.#last + EVERY);
  }

  /** Takes a limited number of due workloads, the most overdue first. Unless something else is noted, they are due again. */
  take(now: number, busy: { has(key: WorkloadKey): boolean }): WorkloadKey[] {
    if (this.dueAt() > now) return [];
    this.#last = now;
    const due = [...this.#due]
      .filter(([key, { at }]) => at <= now && !busy.has(key))
      .sort(([, a], [, b]) => a.at - b.at);
    const first = due.slice(0, AT_ONCE);
    for (const [key, { after }] of first) this.#due.set(key, { at: now + after, after });
    return first.map(([key]) => key);
  }
}
