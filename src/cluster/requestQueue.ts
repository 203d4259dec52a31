import { PRIORITIES, type Priority } from './priority.ts';

/** After this many requests, the longest waiting request goes next regardless of its priority, so that no request waits forever. */
const OLDEST_EVERY = 10;
/** The maximum number of connections for Events, however many are free. A burst of Events must not burden the API server. */
const EVENT_PLACES = 2;

interface Waiting {
  readonly number: number;
  readonly admit: () => void;
}

/**
 * Hands out places in a pool of connections, one per request. Requests without a place wait here, ordered by priority and then by arrival.
 * One place is reserved for writes, and one more is closed to lists and Events, so that a write never waits for a burst of them.
 */
export class RequestQueue {
  /** For each priority, the number of places that it may take together with all lower priorities. */
  readonly #shares: readonly number[];
  readonly #lines: readonly Set<Waiting>[] = PRIORITIES.map(() => new Set());
  readonly #busy: number[] = PRIORITIES.map(() => 0);
  #arrived = 0;
  #admitted = 0;

  /** @param places the number of concurrent requests; at least 1 */
  constructor(places: number) {
    const follow = Math.max(1, places - 1);
    const scan = Math.max(1, places - 2);
    this.#shares = [places, places, follow, scan, Math.min(scan, EVENT_PLACES)];
  }

  /** The number of waiting requests. */
  get waiting(): number {
    return this.#lines.reduce((sum, line) => sum + line.size, 0);
  }

  /**
   * Resolves when a place is free, with a function that returns it. Calling that twice does nothing. Rejects with the signal's reason if
   * the signal aborts first; then no place is held.
   */
  enter(priority: Priority, signal: AbortSignal): Promise<() => void> {
    const rank = PRIORITIES.indexOf(priority);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const line = this.#lines[rank] as Set<Waiting>;
      const leave = (): void => {
        line.delete(waiting);
        reject(signal.reason);
      };
      const admit = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(this.#take(rank));
      };
      const waiting: Waiting = { number: this.#arrived++, admit };
      signal.addEventListener('abort', leave, { once: true });
      line.add(waiting);
      this.#admitAll();
    });
  }

  #take(rank: number): () => void {
    this.#add(rank, 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#add(rank, -1);
      this.#admitAll();
    };
  }

  #add(rank: number, count: number): void {
    this.#busy[rank] = (this.#busy[rank] ?? 0) + count;
  }

  #admitAll(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      for (const line of this.#lines) line.delete(next);
      this.#admitted += 1;
      next.admit();
    }
  }

  #next(): Waiting | undefined {
    const first = this.#lines.flatMap((line, rank) => {
      const [head] = line;
      return head && this.#mayTake(rank) ? [head] : [];
    });
    if (this.#admitted % OLDEST_EVERY < OLDEST_EVERY - 1) return first[0];
    return first.toSorted((one, other) => one.number - other.number)[0];
  }

  /**
   * A request counts against the shares of its own and all higher priorities. Otherwise it would take places that are reserved for them.
   */
  #mayTake(rank: number): boolean {
    return this.#shares.slice(0, rank + 1).every((share, from) => {
      const busy = this.#busy.slice(from).reduce((sum, count) => sum + count, 0);
      return busy < share;
    });
  }
}
