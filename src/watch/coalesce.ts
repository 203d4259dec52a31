const IDLE = 2000;
const AT_MOST = 10_000;

/**
 * Joins a burst of changes into one: due when nothing has come for 2 s, at the latest 10 s after the first.
 * An upgrade writes a dozen objects within seconds and should be looked at once, after the last of them. Times are milliseconds.
 */
export class Coalesce {
  #first: number | undefined;
  #last = 0;

  note(now: number): void {
    this.#first ??= now;
    this.#last = now;
  }

  /** When the burst is to be looked at; undefined when nothing has changed. */
  dueAt(): number | undefined {
    return this.#first === undefined ? undefined : Math.min(this.#last + IDLE, this.#first + AT_MOST);
  }

  /** Takes the burst if it is due. */
  take(now: number): boolean {
    const due = this.dueAt();
    if (due === undefined || due > now) return false;
    this.#first = undefined;
    return true;
  }
}
