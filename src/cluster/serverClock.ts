import { steadyNow } from './clock.ts';

/** The `Date` of an answer has whole seconds: it was cut. */
const CUT = 1000;

/** Milliseconds by which the server's clock is ahead of the steady clock: at least, and at most. */
interface Ahead {
  readonly least: number;
  readonly most: number;
}

/**
 * The wall clock of the API server, as its answers tell it. What Meltemi records outlives its process, and the next leader may be on
 * another node. By this clock both agree on how long ago something was, however wrong their own wall clocks are. Between two answers it
 * goes with the steady clock. Before the first one it is the wall clock of this machine.
 */
export class ServerClock {
  readonly #steady: () => number;
  #ahead: Ahead;

  /**
   * @param steady milliseconds of a clock that nobody sets
   * @param wall milliseconds of this machine's wall clock
   */
  constructor(steady: () => number = steadyNow, wall: () => number = Date.now) {
    this.#steady = steady;
    const ahead = wall() - steady();
    this.#ahead = { least: ahead, most: ahead };
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => this.#steady() + (this.#ahead.least + this.#ahead.most) / 2;

  /** A request is sent now. Call the result with the `Date` of its answer when that has come. */
  asked(): (date: string | undefined) => void {
    const sentAt = this.#steady();
    return (date) => {
      const stamped = Date.parse(date ?? '');
      if (!Number.isNaN(stamped)) this.#heard({ least: stamped - this.#steady(), most: stamped + CUT - sentAt });
    };
  }

  /** Each answer narrows what is known. One that contradicts it counts alone: the server's clock was set, or it is another server's. */
  #heard(told: Ahead): void {
    const least = Math.max(told.least, this.#ahead.least);
    const most = Math.min(told.most, this.#ahead.most);
    this.#ahead = least <= most ? { least, most } : told;
  }
}
