interface Entry {
  readonly at: number;
  readonly turn: number;
  act: (() => void) | undefined;
}

/** Takes a planned act back. */
export type Cancel = () => void;

/**
 * Time that passes only when everything has been done that the present moment asks for.
 *
 * Why runs repeat exactly: acts happen one at a time, ordered by their moment and, within one, by when they were planned. After each,
 * every promise that it settled is followed to where it waits for a later act, because the next begins only in a new turn of
 * Node's event loop, before which V8 empties its microtask queue, first in first out. Nothing in a simulation waits for anything else: no
 * real timer, socket, file, `Date.now` or `Math.random` takes part.
 */
export class VirtualTime {
  #now: number;
  #turn = 0;
  readonly #heap: Entry[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** How many acts are to come. */
  get planned(): number {
    return this.#heap.reduce((count, { act }) => count + Number(act !== undefined), 0);
  }

  after(milliseconds: number, act: () => void): Cancel {
    const entry: Entry = { at: this.#now + Math.max(0, milliseconds), turn: this.#turn++, act };
    this.#push(entry);
    return () => {
      entry.act = undefined;
    };
  }

  /**
   * Lets time pass until `done` says so, which is asked after every act.
   * @param turns of the event loop that an act may need; more where there are so many workloads that work is cut into slices
   */
  async pass(done: () => boolean, turns = 1): Promise<void> {
    while (!done()) {
      const next = this.#pop();
      if (!next) throw new Error('nothing will ever happen any more');
      if (!next.act) continue;
      this.#now = next.at;
      next.act();
      for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right && isBefore(right, heap[child] as Entry)) child += 1;
      const below = heap[child] as Entry;
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.turn < b.turn);
