import { ApiError } from '../cluster/apiError.ts';
import type { Labels } from '../model.ts';
import { LEASE_ANNOTATION } from '../names.ts';

/** What the next write of the Lease takes along, and how to tell what became of it. */
export interface JournalWrite {
  readonly annotations: Labels;
  /** It was done. */
  readonly written: () => void;
  /** It failed. Where the API server refuses what it says, the Lease goes on without. */
  readonly failed: (error: unknown) => void;
}

interface Waiting {
  readonly version: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The journal on its way to the Lease: each write of the Lease takes the latest text along and resolves its callers. */
export class JournalKeeper {
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

  next(): JournalWrite {
    const version = this.#version;
    this.#asked = false;
    return {
      annotations: this.#text === undefined ? {} : { [LEASE_ANNOTATION.journal]: this.#text },
      written: () => this.#written(version),
      failed: (error) => {
        if (isRefusal(error)) this.#refused(version, error);
      },
    };
  }

  /**
   * The text is too long for the Lease beside people's annotations, or admission refuses it: its callers get the error at once,
   * and renewals say no more of it, or the Lease would be lost over it.
   */
  #refused(version: number, why: unknown): void {
    const refused = this.#waiting.filter((one) => one.version <= version);
    this.#waiting = this.#waiting.filter((one) => one.version > version);
    if (version === this.#version) this.#text = undefined;
    for (const { reject } of refused) reject(why);
  }

  #written(version: number): void {
    const done = this.#waiting.filter((one) => one.version <= version);
    this.#waiting = this.#waiting.filter((one) => one.version > version);
    for (const { resolve } of done) resolve();
  }

  /** Waits, but no longer than until there is text that no write has taken along yet. */
  async wanted(wait: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#asked || signal.aborted) return;
    this.#wake = new AbortController();
    await wait(AbortSignal.any([this.#wake.signal, signal]));
    this.#wake = undefined;
  }

  /** Nothing is written any more: waiting callers get the reason, and the text is forgotten. */
  end(why: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#text = undefined;
    this.#asked = false;
    for (const { reject } of waiting) reject(why);
  }
}

/** The object itself is refused, and would be again (apiserver pkg/registry/rest, admission; apimachinery ValidateAnnotationsSize). */
const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && error.status !== undefined && [400, 403, 413, 422].includes(error.status);
