import { ApiError } from '../cluster/apiError.ts';
import type { Labels } from '../model.ts';
import { LEASE_ANNOTATION } from '../names.ts';

/** The texts for the next write of the Lease, and callbacks for its result. */
export interface JournalWrite {
  readonly annotations: Labels;
  /** The write succeeded. */
  readonly written: () => void;
  /** The write failed. If the API server rejects the text, later renewals leave it out. */
  readonly failed: (error: unknown) => void;
}

interface Waiting {
  readonly version: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The status of the moment, which the next write of the Lease takes along; undefined if there is none. */
export type StatusSource = () => string | undefined;

/**
 * Holds the journal until it is on the Lease. Each write of the Lease includes the latest text and resolves its callers. The status rides
 * along: it causes no write, and where the Lease has no room for it, it is left out and the journal is not.
 */
export class JournalKeeper {
  #statusOf: StatusSource | undefined;
  #isStatusMissing = false;
  /** The status made a write fail in this term. */
  #hasNoRoom = false;
  #text: string | undefined;
  #version = 0;
  #waiting: Waiting[] = [];
  #asked = false;
  #wake: AbortController | undefined;

  /** @returns a promise that resolves when the Lease has this text or a later one */
  keep(text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#text = text;
    this.#version += 1;
    this.#waiting.push({ version: this.#version, resolve, reject });
    this.#asked = true;
    this.#wake?.abort();
    return promise;
  }

  /** Sets what each write takes along besides the journal. */
  publishes(source: StatusSource): void {
    this.#statusOf = source;
  }

  /** The last write had no status to take along, although one will come. */
  get isStatusMissing(): boolean {
    return this.#isStatusMissing;
  }

  next(): JournalWrite {
    const version = this.#version;
    this.#asked = false;
    const isEmptied = this.#hasNoRoom;
    // an empty one takes the place of the one that is on the Lease already
    const status = isEmptied ? '' : this.#statusOf?.();
    this.#isStatusMissing = this.#statusOf !== undefined && status === undefined;
    return {
      annotations: {
        ...(this.#text !== undefined && { [LEASE_ANNOTATION.journal]: this.#text }),
        ...(status !== undefined && { [LEASE_ANNOTATION.status]: status }),
      },
      written: () => this.#written(version),
      failed: (error) => {
        if (!isRefusal(error)) return;
        if (isEmptied) this.#refused(version, error);
        else this.#withoutStatus();
      },
    };
  }

  /** The status may be why, also that of a former leader. Nothing depends on it, so the write is tried again at once without it. */
  #withoutStatus(): void {
    this.#hasNoRoom = true;
    this.#asked = true;
  }

  /**
   * Handles a text that admission rejects, or that is too long for the Lease together with its other annotations. Its callers get the error
   * at once. Renewals leave the text out, because otherwise the Lease would be lost. They take the status along again: it was not why.
   */
  #refused(version: number, why: unknown): void {
    const refused = this.#waiting.filter((one) => one.version <= version);
    this.#waiting = this.#waiting.filter((one) => one.version > version);
    if (version === this.#version) this.#text = undefined;
    this.#hasNoRoom = false;
    for (const { reject } of refused) reject(why);
  }

  #written(version: number): void {
    const done = this.#waiting.filter((one) => one.version <= version);
    this.#waiting = this.#waiting.filter((one) => one.version > version);
    for (const { resolve } of done) resolve();
  }

  /** Waits, but returns early when there is a text that has not been written yet. */
  async wanted(wait: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#asked || signal.aborted) return;
    this.#wake = new AbortController();
    await wait(AbortSignal.any([this.#wake.signal, signal]));
    this.#wake = undefined;
  }

  /** Stops writing: rejects waiting callers with the reason and drops the text. */
  end(why: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#text = undefined;
    this.#asked = false;
    this.#hasNoRoom = false;
    for (const { reject } of waiting) reject(why);
  }
}

/** Whether the object itself is rejected, so a retry is useless (apiserver pkg/registry/rest; apimachinery ValidateAnnotationsSize). */
const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && error.status !== undefined && [400, 403, 413, 422].includes(error.status);
