import type { Labels } from '../model.ts';
import { type PauseState, pauseStateOf } from './pauseState.ts';

/** Keeps the last pause state and calls listeners when it changes. */
export class PauseStateWatch {
  readonly #listeners = new Set<(pauseState: PauseState) => void>();
  readonly #onError: (error: unknown) => void;
  #current: PauseState = {};

  /** @param onError called when a listener throws */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get current(): PauseState {
    return this.#current;
  }

  take(annotations: Labels): void {
    const next = pauseStateOf(annotations);
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

  onChange(listener: (pauseState: PauseState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
