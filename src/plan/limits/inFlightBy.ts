import type { WorkloadKey } from '../../model.ts';

/** Workloads in flight by what they have in common, such as a budget or a kind of owner. */
export class InFlightBy {
  readonly #of = new Map<string, readonly WorkloadKey[]>();
  readonly #commons = new Map<WorkloadKey, readonly string[]>();

  /** The last of them that was added; undefined if there is none. */
  get(common: string): WorkloadKey | undefined {
    return this.#of.get(common)?.at(-1);
  }

  add(common: string, key: WorkloadKey): void {
    this.#of.set(common, [...(this.#of.get(common) ?? []), key]);
    this.#commons.set(key, [...(this.#commons.get(key) ?? []), common]);
  }

  /** A workload is no longer in flight. */
  forget(key: WorkloadKey): void {
    for (const common of this.#commons.get(key) ?? []) {
      const others = (this.#of.get(common) ?? []).filter((other) => other !== key);
      if (others.length > 0) this.#of.set(common, others);
      else this.#of.delete(common);
    }
    this.#commons.delete(key);
  }

  copy(): InFlightBy {
    const copy = new InFlightBy();
    for (const [common, keys] of this.#of) copy.#of.set(common, keys);
    for (const [key, commons] of this.#commons) copy.#commons.set(key, commons);
    return copy;
  }
}
