import { backOff } from '../backOff.ts';
import { messageOf } from '../messageOf.ts';
import type { WorkloadKey } from '../model.ts';

/** A workload whose last attempt failed, and when it is tried again. */
export interface Retry {
  readonly until: number;
  readonly problem: string;
}

const RETRY = { first: 1000, longest: 60_000 };

/** Back-off per workload: 1 s, doubled with each consecutive error, up to a minute. It never gives up. */
export class Retries {
  readonly #failures = new Map<WorkloadKey, Retry & { readonly count: number }>();

  failed(key: WorkloadKey, now: number, error: unknown): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const until = now + backOff(count, RETRY);
    this.#failures.set(key, { count, until, problem: messageOf(error) });
  }

  succeeded(key: WorkloadKey): void {
    this.#failures.delete(key);
  }

  /** Forgets deleted workloads. */
  keepOnly(isThere: (key: WorkloadKey) => boolean): void {
    for (const key of this.#failures.keys()) if (!isThere(key)) this.#failures.delete(key);
  }

  pending(): ReadonlyMap<WorkloadKey, Retry> {
    return this.#failures;
  }
}
