import { keyOf, type Workload, type WorkloadKey } from '../model.ts';
import type { Observed } from './observed.ts';

/** What was last seen of each workload, by scans and by looks at one alone. */
export class Observations {
  readonly #last = new Map<WorkloadKey, Observed>();
  /** When a workload was last looked at by itself: a scan that began before knows less. */
  readonly #lookedAt = new Map<WorkloadKey, number>();

  all(): Observed[] {
    return [...this.#last.values()];
  }

  of(key: WorkloadKey): Observed | undefined {
    return this.#last.get(key);
  }

  /**
   * Takes what a scan has seen, except where something newer is known.
   * @param namespace what was scanned; undefined for the whole cluster
   * @param began when the scan did
   * @param busy workloads that are being restarted: what the restart saw is newer than the scan's pages
   */
  scanned(
    seen: ReadonlyMap<WorkloadKey, Observed>,
    namespace: string | undefined,
    began: number,
    busy: { has(key: WorkloadKey): boolean },
  ): void {
    for (const [key, { workload }] of this.#last) {
      const inScope = namespace === undefined || workload.namespace === namespace;
      if (inScope && !seen.has(key)) this.#last.delete(key);
    }
    for (const [key, observed] of seen) {
      const newer = busy.has(key) || (this.#lookedAt.get(key) ?? 0) >= began;
      if (!newer) this.#last.set(key, observed);
    }
    for (const key of this.#lookedAt.keys()) if (!this.#last.has(key)) this.#lookedAt.delete(key);
  }

  /**
   * Notes that a place cannot be read at the moment, and why: what was seen there before is kept, and not assessed until it is seen again.
   * @param namespace undefined for the whole cluster
   */
  unread(namespace: string | undefined, why: string): void {
    for (const [key, observed] of this.#last)
      if (namespace === undefined || observed.workload.namespace === namespace)
        this.#last.set(key, { ...observed, unread: why });
  }

  /** Takes what a look at one workload has seen; undefined says that it is gone. */
  observed(key: WorkloadKey, observed: Observed | undefined, at: number): void {
    this.#lookedAt.set(key, at);
    if (observed) this.#last.set(key, observed);
    else this.#last.delete(key);
  }

  /** Takes what was just written on a workload, so that delay, limits, halts and metrics count it from then on. */
  wrote(workload: Workload): void {
    const observed = this.#last.get(keyOf(workload));
    if (observed) this.#last.set(keyOf(workload), { ...observed, workload });
  }
}
