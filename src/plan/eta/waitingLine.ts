import { TimeHeap } from './timeHeap.ts';

/** Candidates of one namespace that wait for a slot, by their places in the plan. */
interface NamespaceLine {
  /** In order. */
  places: number[];
  /** Where the search goes on: what is before it was found held. */
  cursor: number;
  readonly heldKin: Set<number>;
  /** The place at which it stands in the heap of all lines; undefined while it does not. */
  queuedAt: number | undefined;
}

/**
 * The queue as the planner goes through it, without asking again what cannot have changed: after a limit has held a candidate, its like of
 * the namespace is asked again when a restart ends there, or anywhere if that may free it.
 */
export class WaitingLine {
  readonly #lines = new Map<string, NamespaceLine>();
  readonly #next = new TimeHeap<NamespaceLine>();
  /** Lines with something held, by what frees it. */
  readonly #held = new Map<string, Set<NamespaceLine>>();
  readonly #kinOf: (place: number) => number;
  /** How many wait. */
  size = 0;

  /** @param kinOf what those have in common that the same limits hold */
  constructor(kinOf: (place: number) => number) {
    this.#kinOf = kinOf;
  }

  /** @param places of one namespace, in any order */
  add(namespace: string, places: readonly number[]): void {
    const line = this.#lineOf(namespace);
    line.places = [...line.places, ...places].sort((a, b) => a - b);
    this.size += places.length;
    this.#askAgain(line);
  }

  /** The first place that may be asked; undefined if none may. */
  first(): number | undefined {
    for (;;) {
      const at = this.#next.first;
      const line = this.#next.pop();
      if (!line) return undefined;
      if (line.queuedAt !== at) continue;
      line.queuedAt = undefined;
      const place = this.#headOf(line);
      if (place !== undefined) this.#queue(line, place);
      if (place === at) return place;
    }
  }

  /** The first of this namespace has begun, or waits for something other than a limit. */
  take(namespace: string): void {
    const line = this.#lineOf(namespace);
    line.places.splice(line.cursor, 1);
    this.size -= 1;
    this.#queueHead(line);
  }

  /**
   * Its first candidate is held, and so are those of its kin.
   * @param freedBy what frees it besides an end in its namespace; undefined if nothing else does
   */
  hold(namespace: string, kin: number, freedBy: string | undefined): void {
    const line = this.#lineOf(namespace);
    line.heldKin.add(kin);
    if (freedBy !== undefined) this.#held.set(freedBy, (this.#held.get(freedBy) ?? new Set()).add(line));
    this.#queueHead(line);
  }

  /** The whole namespace is held. */
  holdAll(namespace: string): void {
    this.#lineOf(namespace).cursor = Number.POSITIVE_INFINITY;
  }

  /** A restart has ended there. @param frees what it frees elsewhere */
  freed(namespace: string, frees: readonly string[]): void {
    const line = this.#lines.get(namespace);
    if (line) this.#askAgain(line);
    for (const what of frees) {
      for (const other of this.#held.get(what) ?? []) this.#askAgain(other);
      this.#held.delete(what);
    }
  }

  #lineOf(namespace: string): NamespaceLine {
    const line = this.#lines.get(namespace) ?? {
      places: [],
      cursor: 0,
      heldKin: new Set<number>(),
      queuedAt: undefined,
    };
    this.#lines.set(namespace, line);
    return line;
  }

  #askAgain(line: NamespaceLine): void {
    line.cursor = 0;
    line.heldKin.clear();
    this.#queueHead(line);
  }

  #queueHead(line: NamespaceLine): void {
    const place = this.#headOf(line);
    if (place !== undefined) this.#queue(line, place);
  }

  #queue(line: NamespaceLine, place: number): void {
    if (line.queuedAt === place) return;
    line.queuedAt = place;
    this.#next.push(place, line);
  }

  #headOf(line: NamespaceLine): number | undefined {
    const { heldKin, places } = line;
    while (heldKin.size > 0 && line.cursor < places.length && heldKin.has(this.#kinOf(places[line.cursor] as number)))
      line.cursor += 1;
    return places[line.cursor];
  }
}
