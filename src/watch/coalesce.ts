const IDLE = 2000;
const AT_MOST = 10_000;

/**
 * Combines a burst of changes. It is due 2 s after the last change, and at the latest 10 s after the first.
 * An upgrade writes a dozen objects within seconds and should be evaluated once, after the last write. Times are milliseconds.
 */
export class Coalesce {
  #first: number | undefined;
  #last = 0;

  note(now: number): void {
    this.#first ??= now;
    this.#last = now;
  }

  /** When the burst is due; undefined if nothing has changed. */
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
