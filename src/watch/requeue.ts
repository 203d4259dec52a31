import type { WorkloadKey } from '../model.ts';
import type { ReasonCode } from '../reasons.ts';

/** Reasons that neither time nor a watch ends, and how long after them a workload is read again. Milliseconds. */
const AFTER: Readonly<Partial<Record<ReasonCode, number>>> = {
  paused: 30_000,
  rolling: 30_000,
  unavailable: 30_000,
  pdb: 30_000,
  // other counts of replicas end it
  outage: 30_000,
  'gave-up': 30_000,
  'opted-out': 30_000,
  // as a rule these are many, and a watched namespace or an edited policy ends most of them at once
  'not-opted-in': 120_000,
  excluded: 300_000,
};
/** Workloads read again in one turn at the most, and the least time between two such turns: the cap on what waiting may cost. */
const AT_ONCE = 2;
const EVERY = 1000;

/** When workloads that wait for something nobody tells of are to be read again, in turn. */
export class Requeue {
  readonly #at = new Map<WorkloadKey, number>();
  #last = 0;

  /** @param waiting every workload that there is, with the reason why it waits, if it does */
  note(waiting: ReadonlyMap<WorkloadKey, ReasonCode | undefined>, now: number): void {
    for (const [key, reason] of waiting) {
      const after = reason && AFTER[reason];
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
