import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../testbed/api.ts';

const EVERY = 1000;

/** Somebody who owns a manifest and writes it again every second, as GitOps tools and operators do. */
export class Reconciler {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Writes that the API server took. */
  writes = 0;
  /** Writes that met another's; somebody who reads again and goes on does not mind, somebody who applies should have none. */
  conflicts = 0;

  constructor(write: () => Promise<unknown>) {
    this.#running = this.#run(write);
  }

  async #run(write: () => Promise<unknown>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await write();
        this.writes += 1;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 409) throw error;
        this.conflicts += 1;
      }
      await sleep(EVERY, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Throws what a write threw that was no conflict. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }
}
