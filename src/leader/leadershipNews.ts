import { messageOf } from '../messageOf.ts';
import { SayOnce } from '../sayOnce.ts';
import type { LeadershipListener } from './leadership.ts';

/** Tells a listener what happens, whatever the listener does, and each trouble once until it changes or is over. */
export class LeadershipNews {
  readonly #listener: LeadershipListener;
  readonly #said = new SayOnce();

  constructor(listener: LeadershipListener) {
    this.#listener = listener;
  }

  /** What is wrong now, in words; empty when nothing is. */
  get lastTrouble(): string {
    return this.#said.last() ?? '';
  }

  tell(news: (listener: LeadershipListener) => void): void {
    try {
      news(this.#listener);
    } catch (error) {
      this.trouble(error);
    }
  }

  trouble(error: unknown): void {
    if (!this.#said.isNews(undefined, messageOf(error))) return;
    try {
      this.#listener.trouble(error);
    } catch {
      // There is no listener left.
    }
  }

  /** The next trouble is news again, even the same. */
  troubleOver(): void {
    this.#said.over();
  }
}
