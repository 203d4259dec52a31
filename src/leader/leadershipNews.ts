import { messageOf } from '../messageOf.ts';
import type { LeadershipListener } from './leadership.ts';

/** Tells a listener what happens, whatever the listener does, and each trouble once until it changes or is over. */
export class LeadershipNews {
  readonly #listener: LeadershipListener;
  #trouble = '';

  constructor(listener: LeadershipListener) {
    this.#listener = listener;
  }

  /** What is wrong now, in words; empty when nothing is. */
  get lastTrouble(): string {
    return this.#trouble;
  }

  tell(news: (listener: LeadershipListener) => void): void {
    try {
      news(this.#listener);
    } catch (error) {
      this.trouble(error);
    }
  }

  trouble(error: unknown): void {
    const said = messageOf(error);
    if (said === this.#trouble) return;
    this.#trouble = said;
    try {
      this.#listener.trouble(error);
    } catch {
      // Nobody is left to tell.
    }
  }

  /** The next trouble is news again, even the same. */
  troubleOver(): void {
    this.#trouble = '';
  }
}
