import type { Labels } from '../model.ts';
import { type Standing, standingOf } from './standing.ts';

/** Keeps the standing that was read last and tells who wants to know when it has changed. */
export class StandingOrders {
  readonly #listeners = new Set<(standing: Standing) => void>();
  readonly #onError: (error: unknown) => void;
  #current: Standing = {};

  /** @param onError hears of each listener that throws */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get current(): Standing {
    return this.#current;
  }

  take(annotations: Labels): void {
    const next = standingOf(annotations);
    if (next.paused === this.#current.paused && next.resumedAt === this.#current.resumedAt) return;
    this.#current = next;
    for (const listener of this.#listeners) {
      try {
        listener(next);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  onChange(listener: (standing: Standing) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
