import { messageOf } from '../messageOf.ts';
import { SayOnce } from '../sayOnce.ts';
import type { LeadershipListener } from './leadership.ts';

/** Calls a listener and tolerates its errors. Reports each problem once until it changes or ends. */
export class LeadershipNews {
  readonly #listener: LeadershipListener;
  readonly #said = new SayOnce();

  constructor(listener: LeadershipListener) {
    this.#listener = listener;
  }

  /** The current problem; empty if there is none. */
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

  /** Ends the current problem. The next one is reported, even if it is the same. */
  troubleOver(): void {
    this.#said.over();
  }
}
