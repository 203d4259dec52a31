/** Milliseconds that the wall clock may be off. Nothing that others write is told apart by less. */
const OFF_BY = 50;

/** Both clocks at one moment, in whole milliseconds. */
export interface Moment {
  readonly now: number;
  readonly wall: number;
}

/**
 * Reads both clocks so that they pass alike: the distance between them stays the same until the wall clock was set, or has drifted away.
 * Otherwise every wait that ends by the wall clock would seem to end at another moment of the steady one each time.
 */
export class SteadyWall {
  readonly #now: () => number;
  readonly #wall: () => number;
  #distance: number | undefined;

  /** @param now the steady clock @param wall the wall clock; both in milliseconds */
  constructor(now: () => number, wall: () => number) {
    this.#now = now;
    this.#wall = wall;
  }

  read(): Moment {
    const now = Math.floor(this.#now());
    const distance = Math.floor(this.#wall()) - now;
    if (this.#distance === undefined || Math.abs(distance - this.#distance) > OFF_BY) this.#distance = distance;
    return { now, wall: now + this.#distance };
  }
}
