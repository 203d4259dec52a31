import { areSame } from './areSame.ts';
import { inSlices } from './loopSlices.ts';
import type { Forecast } from './plan/eta/forecast.ts';
import { type ForecastInputs, forecastStepwise } from './plan/eta/forecast.ts';

export interface EtaUpkeepOptions {
  /** Gets each estimate, and undefined when there is nothing to wait for. Absent where nobody wants one: then none is made. */
  readonly onForecast?: ((forecast: Forecast | undefined) => void) | undefined;
  readonly onError: (error: unknown) => void;
}

/**
 * Milliseconds between the beginnings of two estimates, and at least so many for each workload. The end hardly moves within that time, and
 * an estimate costs as much as a plan.
 */
const EVERY = 15_000;
const EVERY_OF_EACH = 12;
/** The same while no step of the plan is another one: only time has passed then. */
const UNCHANGED_EVERY = 300_000;

/** Keeps an estimate of when everything will be done. It is made beside the loop, in slices: no restart waits for it. */
export class EtaUpkeep {
  readonly #options: EtaUpkeepOptions;
  #latest: Forecast | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;
  /** What the last estimate was made from. */
  #items: ForecastInputs['items'] = [];
  #isMaking = false;
  /** How often there was nothing to wait for: an estimate from before that is of no use. */
  #idles = 0;

  constructor(options: EtaUpkeepOptions) {
    this.#options = options;
  }

  /** The last estimate, if there is one, and a plan has anything left to wait for. */
  latestFor(items: ForecastInputs['items']): Forecast | undefined {
    return items.some(isUnfinished) ? this.#latest : undefined;
  }

  /** Forgets the estimate, and one that is being made: the term has ended, and the next one begins with another at once. */
  rest(): void {
    this.#begunAt = Number.NEGATIVE_INFINITY;
    this.#forget();
  }

  /** Begins another estimate from a plan, if one is due. Nobody waits for it. */
  note(inputs: ForecastInputs): void {
    const { onForecast, onError } = this.#options;
    if (!onForecast) return;
    if (!inputs.items.some(isUnfinished)) {
      this.#forget();
      return;
    }
    const { now } = inputs.context;
    if (this.#isMaking || now < this.#begunAt + Math.max(EVERY, inputs.items.length * EVERY_OF_EACH)) return;
    const isKept = this.#latest !== undefined && areSame(inputs.items, this.#items);
    if (isKept && now < this.#begunAt + UNCHANGED_EVERY) return;
    this.#isMaking = true;
    this.#begunAt = now;
    this.#items = inputs.items;
    const idles = this.#idles;
    inSlices(forecastStepwise(inputs), inputs.items.length)
      .then((forecast) => idles === this.#idles && this.#take(forecast))
      .catch(onError)
      .finally(() => {
        this.#isMaking = false;
      });
  }

  /** With what it was made from: that is all workloads as they were then. */
  #forget(): void {
    this.#idles += 1;
    this.#items = [];
    this.#take(undefined);
  }

  #take(forecast: Forecast | undefined): void {
    if (forecast === undefined && this.#latest === undefined) return;
    this.#latest = forecast;
    this.#options.onForecast?.(forecast);
  }
}

const isUnfinished = ({ step }: ForecastInputs['items'][number]): boolean =>
  step.action === 'restart' || step.action === 'follow' || step.action === 'wait';
