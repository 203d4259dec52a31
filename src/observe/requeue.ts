import type { WorkloadKey } from '../model.ts';

/** The maximum number of workloads looked at in one turn, and the minimum time between two turns. They limit the cost of waiting. */
const AT_ONCE = 2;
/** The same while workloads are due that lists have shown to be changed: the lists have saved the looks at all others. */
const CHANGED_AT_ONCE = 4;
const EVERY = 1000;
/** A look takes about as many requests as a round of lists has kinds. Where more are due than this, lists may be cheaper. */
const FEW = 10;
/** To list so many workloads costs as much as a look at one. */
const LISTED_FOR_A_LOOK = 50;
/** The longest that a larger number of waiting workloads puts off the next round of lists. */
const LONGEST_ROUND = 60_000;
/** After how long lists no longer count, where no periodic scan looks at everything. */
const LAST_RESORT = 3_600_000;

interface Due {
  readonly at: number;
  readonly after: number;
  /** When it was looked at by itself, or began to wait. */
  readonly lookedAt: number;
  /** The lists have shown a change, or do not show enough. */
  readonly isMarked?: boolean;
}

/** What is to be read again now. */
interface Turn {
  /** To be looked at one by one. */
  readonly looks: readonly WorkloadKey[];
  /** So many that lists shall tell first which of them have changed. */
  readonly survey: readonly WorkloadKey[];
}

/** Schedules reads of workloads whose wait is not ended by a watch or a timer. */
export class Requeue {
  readonly #due = new Map<WorkloadKey, Due>();
  readonly #scansEvery: number;
  #last = 0;

  /** @param scansEvery milliseconds between two scans of everything; 0 if there are none */
  constructor(scansEvery = 0) {
    this.#scansEvery = scansEvery;
  }

  /**
   * @param waiting workloads, with their interval in milliseconds if neither a timer nor a watch ends their wait
   * @param areAll whether there are no others
   */
  note(waiting: ReadonlyMap<WorkloadKey, number | undefined>, now: number, areAll = true): void {
    for (const [key, after] of waiting) {
      if (after === undefined) this.#due.delete(key);
      else this.#due.set(key, nextDue(this.#due.get(key), after, now));
    }
    if (areAll) for (const key of this.#due.keys()) if (!waiting.has(key)) this.#due.delete(key);
  }

  /** Whether a workload will be read again. */
  has(key: WorkloadKey): boolean {
    return this.#due.has(key);
  }

  /** When the next read is due; infinite if none is. */
  dueAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { at } of this.#due.values()) first = Math.min(first, at);
    return Math.max(first, this.#last + EVERY);
  }

  /**
   * Takes a limited number of due workloads, the most overdue first. Unless something else is noted, they are due again. Where many are
   * due, all that wait are to be surveyed instead, also those that are due later: they share the lists.
   * @param known how many workloads the lists would have
   */
  take(now: number, busy: { has(key: WorkloadKey): boolean }, known: number): Turn {
    if (this.dueAt() > now) return { looks: [], survey: [] };
    this.#last = now;
    const free = [...this.#due].filter(([key]) => !busy.has(key));
    const due = free.filter(([, { at }]) => at <= now);
    const listed = ([, one]: [WorkloadKey, Due]): boolean => !one.isMarked && !this.#isLastResort(one, now);
    if (due.filter(listed).length > Math.max(FEW, known / LISTED_FOR_A_LOOK))
      return { looks: [], survey: free.filter(listed).map(([key]) => key) };
    const most = due.some(([, { isMarked }]) => isMarked) ? CHANGED_AT_ONCE : AT_ONCE;
    const first = due.sort(([, a], [, b]) => a.at - b.at).slice(0, most);
    for (const [key, { after }] of first) this.#due.set(key, { at: now + after, after, lookedAt: now });
    return { looks: first.map(([key]) => key), survey: [] };
  }

  /**
   * Notes what lists have told. Those that have not changed are due again after their interval. With many of them it is longer, but even if
   * all of them have changed then, this takes no longer than looks at all of them would have taken. The others are to be looked at.
   */
  surveyed(survey: readonly WorkloadKey[], unchanged: ReadonlySet<WorkloadKey>, now: number): void {
    const round = Math.min(LONGEST_ROUND, (survey.length / CHANGED_AT_ONCE) * EVERY);
    for (const key of survey) {
      const one = this.#due.get(key);
      if (!one) continue;
      const next = unchanged.has(key) ? { at: now + Math.max(one.after, round) } : { isMarked: true };
      this.#due.set(key, { ...one, ...next });
    }
  }

  #isLastResort({ lookedAt }: Due, now: number): boolean {
    const areScanned = this.#scansEvery > 0 && this.#scansEvery <= LAST_RESORT;
    return !areScanned && now >= lookedAt + LAST_RESORT;
  }
}

/** When a workload is due that waits. What waits for something else now is not kept for as long as it would have been before. */
function nextDue(known: Due | undefined, after: number, now: number): Due {
  if (!known) return { at: now + after, after, lookedAt: now };
  return { ...known, after, at: after < known.after ? Math.min(known.at, now + after) : known.at };
}
