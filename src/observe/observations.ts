import { keyOf, type Workload, type WorkloadKey } from '../model.ts';
import { lenderOf } from './borrowedTemplate.ts';
import type { Observed } from './observed.ts';

/** The last observation of each workload, from scans and from reads of single workloads. */
export class Observations {
  readonly #last = new Map<WorkloadKey, Observed>();
  /** When a workload was last read by itself. A scan that began earlier has older data. */
  readonly #lookedAt = new Map<WorkloadKey, number>();

  all(): Observed[] {
    return [...this.#last.values()];
  }

  get size(): number {
    return this.#last.size;
  }

  of(key: WorkloadKey): Observed | undefined {
    return this.#last.get(key);
  }

  /**
   * Stores the results of a scan, except where newer data is known.
   * @param namespace the scanned namespace; undefined for the whole cluster
   * @param began when the scan began
   * @param busy workloads that are being restarted: the restart's data is newer than the scan's pages, if there is any yet
   * @param whyUnlisted why the scan could not see workloads like this one; undefined if it could
   * @returns whether everything there was read
   */
  scanned(
    seen: ReadonlyMap<WorkloadKey, Observed>,
    namespace: string | undefined,
    began: number,
    busy: { has(key: WorkloadKey): boolean },
    whyUnlisted: (workload: Workload) => string | undefined = () => undefined,
  ): boolean {
    let isWhole = true;
    for (const [key, observed] of this.#last) {
      const { workload } = observed;
      const inScope = namespace === undefined || workload.namespace === namespace;
      if (!inScope || seen.has(key) || this.#isNewer(key, began)) continue;
      const why = whyUnlisted(workload);
      this.#unseen(key, observed, why);
      isWhole &&= why === undefined;
    }
    for (const [key, observed] of seen) {
      isWhole &&= observed.unread === undefined;
      const newer = (busy.has(key) && this.#last.has(key)) || this.#isNewer(key, began);
      if (!newer) this.#last.set(key, observed);
    }
    for (const key of this.#lookedAt.keys()) if (!this.#last.has(key)) this.#lookedAt.delete(key);
    return isWhole;
  }

  #isNewer(key: WorkloadKey, began: number): boolean {
    return (this.#lookedAt.get(key) ?? Number.NEGATIVE_INFINITY) >= began;
  }

  #unseen(key: WorkloadKey, observed: Observed, whyUnlisted: string | undefined): void {
    if (whyUnlisted === undefined) this.#last.delete(key);
    else if (observed.unread !== whyUnlisted) this.#last.set(key, { ...observed, unread: whyUnlisted });
  }

  /**
   * Marks a namespace as unreadable, with the reason. Earlier observations are kept, but not assessed until they are read again.
   * @param namespace undefined for the whole cluster
   */
  unread(namespace: string | undefined, why: string): void {
    for (const [key, observed] of this.#last)
      if (namespace === undefined || observed.workload.namespace === namespace)
        this.#last.set(key, { ...observed, unread: why });
  }

  /** Stores a read of one workload; undefined means that the workload is gone. */
  observed(key: WorkloadKey, observed: Observed | undefined, at: number): void {
    this.#lookedAt.set(key, at);
    if (observed) this.#last.set(key, observed);
    else this.#last.delete(key);
  }

  /** Stores a record that was just written on a workload, so that delays, limits, halts and metrics count it at once. */
  wrote(workload: Workload): void {
    const observed = this.#last.get(keyOf(workload));
    if (observed) this.#last.set(keyOf(workload), { ...observed, workload: withTemplateSeen(workload, observed) });
  }
}

/** The answer to a write has no template of a workload that uses that of another one. */
function withTemplateSeen(workload: Workload, { workload: seen }: Observed): Workload {
  if (!lenderOf(workload)) return workload;
  const { template, selector, templateVersion } = seen;
  return { ...workload, template, selector, ...(templateVersion !== undefined && { templateVersion }) };
}
