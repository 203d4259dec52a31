import type { Pause } from '../loopSlices.ts';
import type { KeptWorkload } from './keptWorkload.ts';
import { isCarriedOut, type Planned } from './plan.ts';
import type { Throttle } from './throttle.ts';
import type { Wait } from './wait.ts';
import type { WaitCode } from './waitReasons.ts';

/** What is known of a workload's step before its turn. */
const State = {
  /** It was judged again, or it waits in the queue for something that is asked again. */
  open: 0,
  /** It is not in the queue. */
  settled: 1,
  /** The same, and its step is carried out. */
  carriedOut: 2,
  /** It waits in the queue for what everyone waits for. */
  full: 3,
} as const;

/** Workloads between two turns of other work, where each takes next to nothing. */
const AT_ONCE = 500;

/** The steps of a plan, and how they differ from those of the plan before. */
export interface Steps {
  /** Every workload, in the order of the plan. */
  readonly items: Planned[];
  readonly toCarryOut: Planned[];
  readonly changed: Planned[];
  readonly gone: Planned[];
}

/**
 * The steps of the last plan. Only those that may be other ones now are made again. Of the others, no object is touched: what is known of
 * them stands in lists of numbers, because to look at 20,000 objects takes milliseconds.
 */
export class KeptSteps {
  readonly #listed: readonly KeptWorkload[];
  readonly #planned: (Planned | undefined)[];
  readonly #states: Uint8Array;
  readonly #until: Float64Array;
  readonly #staysUntil: Float64Array;
  /** What those whose state is `full` wait for. */
  #full: Wait<WaitCode> | undefined;

  /** @param listed all workloads, each at its place; none of them has a step yet */
  constructor(listed: readonly KeptWorkload[]) {
    this.#listed = listed;
    this.#planned = listed.map(() => undefined);
    this.#states = new Uint8Array(listed.length);
    this.#until = new Float64Array(listed.length).fill(Number.POSITIVE_INFINITY);
    this.#staysUntil = new Float64Array(listed.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** When the first timed wait ends, by the steady clock; Infinity without one. */
  get wakeAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const until of this.#until) if (until < first) first = until;
    return first;
  }

  /** Those whose judgement may be another one by now. */
  expired(now: number): readonly KeptWorkload[] {
    const places: number[] = [];
    for (let place = 0; place < this.#staysUntil.length; place++)
      if ((this.#staysUntil[place] as number) <= now) places.push(place);
    return places.map((place) => this.#listed[place] as KeptWorkload);
  }

  /** A workload was judged again. */
  judged({ place, staysUntil }: KeptWorkload): void {
    this.#states[place] = State.open;
    this.#staysUntil[place] = staysUntil;
  }

  /** Gives each workload its turn. @param order their places, in the order of the plan */
  *plan(
    order: readonly number[],
    throttle: Throttle,
    waveName: Parameters<KeptWorkload['plan']>[1],
  ): Generator<Pause, Steps> {
    const steps: Steps = { items: [], toCarryOut: [], changed: [], gone: [] };
    for (const place of order) {
      const isKept = this.#isKept(place, throttle);
      const planned = isKept ? (this.#planned[place] as Planned) : this.#made(place, throttle, waveName, steps);
      steps.items.push(planned);
      const isCarried = isKept ? this.#states[place] === State.carriedOut : isCarriedOut(planned.step);
      if (isCarried) steps.toCarryOut.push(planned);
      if (steps.items.length % AT_ONCE === 0) yield 'short';
    }
    this.#full = throttle.full;
    return steps;
  }

  #isKept(place: number, throttle: Throttle): boolean {
    const state = this.#states[place];
    return state === State.full ? throttle.passes(this.#full) : state !== State.open;
  }

  #made(
    place: number,
    throttle: Throttle,
    waveName: Parameters<KeptWorkload['plan']>[1],
    { changed, gone }: Steps,
  ): Planned {
    const one = this.#listed[place] as KeptWorkload;
    const before = one.planned;
    const planned = one.plan(throttle, waveName);
    if (planned !== before) {
      changed.push(planned);
      if (before) gone.push(before);
    }
    this.#planned[place] = planned;
    this.#until[place] = one.until;
    this.#states[place] = stateOf(one, planned, throttle);
    return planned;
  }
}

function stateOf(one: KeptWorkload, { step }: Planned, throttle: Throttle): number {
  if (!one.isInQueue) return isCarriedOut(step) ? State.carriedOut : State.settled;
  return throttle.isFullFor(one.key) ? State.full : State.open;
}
