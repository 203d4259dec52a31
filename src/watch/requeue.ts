import type { WorkloadKey } from '../model.ts';

/** The maximum number of workloads read again in one turn, and the minimum time between two turns. They limit the cost of waiting. */
const AT_ONCE = 2;
const EVERY = 1000;

/** Schedules reads of workloads whose wait is not ended by a watch or a timer. */
export class Requeue {
  readonly #at = new Map<WorkloadKey, number>();
  #last = 0;

  /** @param waiting all workloads, with their interval in milliseconds if neither a timer nor a watch ends their wait */
  note(waiting: ReadonlyMap<WorkloadKey, number | undefined>, now: number): void {
    for (const [key, after] of waiting) {
      if (after === undefined) this.#at.delete(key);
      else if (!this.#at.has(key)) this.#at.set(key, now + after);
    }
    for (const key of this.#at.keys()) if (!waiting.has(key)) this.#at.delete(key);
  }

  /** When the next read is due; infinite if none is. */
  dueAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const at of this.#at.values()) first = Math.min(first, at);
    return Math.max(first, this.#last + EVERY);
  }

  /** Takes a limited number of due workloads, the most overdue first. */
  take(now: number, busy: { has(key: WorkloadKey): boolean }): WorkloadKey[] {
    if (this.dueAt() > now) return [];
    this.#last = now;
    const due = [...this.#at].filter(([key, at]) => at <= now && !busy.has(key)).sort(([, a], [, b]) => a - b);
    const first = due.slice(0, AT_ONCE).map(([key]) => key);
    for (const key of first) this.#at.delete(key);
    return first;
  }
}
