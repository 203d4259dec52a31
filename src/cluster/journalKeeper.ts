import type { Labels } from '../model.ts';
import { LEASE_ANNOTATION } from '../names.ts';

interface Waiting {
  readonly version: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The journal on its way to the Lease. Each write of the Lease carries the latest text and then resolves what `keep` returned for it. */
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

  /** The annotations for the next write of the Lease, and what to call when that is done. */
  next(): { readonly annotations: Labels; readonly written: () => void } {
    const version = this.#version;
    this.#asked = false;
    return {
      annotations: this.#text === undefined ? {} : { [LEASE_ANNOTATION.journal]: this.#text },
      written: () => this.#written(version),
    };
  }

  #written(version: number): void {
    const done = this.#waiting.filter((one) => one.version <= version);
    this.#waiting = this.#waiting.filter((one) => one.version > version);
    for (const { resolve } of done) resolve();
  }

  /** Waits by `wait`, but ends as soon as there is a text that no write carries yet. */
  async wanted(wait: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#asked || signal.aborted) return;
    this.#wake = new AbortController();
    await wait(AbortSignal.any([this.#wake.signal, signal]));
    this.#wake = undefined;
  }

  /** No more writes will come: pending promises reject with the reason, and the text is forgotten. */
  end(why: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#text = undefined;
    this.#asked = false;
    for (const { reject } of waiting) reject(why);
  }
}
