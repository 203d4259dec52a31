/** Finds conditions that have lasted long enough to be reported. Each is reported once, until it is over. */
export class LongConditions {
  readonly #patience: number;
  readonly #since = new Map<string, { readonly at: number; readonly told: boolean }>();

  /** @param patience milliseconds */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** @returns the conditions that have just lasted long enough. A condition that is no longer named is over. */
  note(now: number, current: ReadonlySet<string>): string[] {
    for (const key of this.#since.keys()) if (!current.has(key)) this.#since.delete(key);
    return [...current].filter((key) => {
      const { at, told } = this.#since.get(key) ?? { at: now, told: false };
      const long = now - at >= this.#patience;
      this.#since.set(key, { at, told: long });
      return long && !told;
    });
  }

  /** The number of conditions that have lasted long enough. */
  get count(): number {
    return [...this.#since.values()].filter(({ told }) => told).length;
  }
}
