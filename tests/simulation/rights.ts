/** A right that is missing. What is left out is missing for all of it. */
export interface MissingRight {
  readonly verb?: Verb;
  readonly kind?: string;
  readonly namespace?: string;
}

export type Verb = 'get' | 'list' | 'patch' | 'create';

/** What the operators' account may do. Everything but what somebody has taken away. */
export class Rights {
  readonly #missing = new Set<MissingRight>();

  lose(right: MissingRight): void {
    this.#missing.add(right);
  }

  regain(right: MissingRight): void {
    this.#missing.delete(right);
  }

  regainAll(): void {
    this.#missing.clear();
  }

  /** @param namespace undefined for the whole cluster, for which a right in one namespace is no matter */
  lacks(verb: Verb, kind: string, namespace: string | undefined): boolean {
    return [...this.#missing].some(
      (one) =>
        (one.verb ?? verb) === verb &&
        (one.kind ?? kind) === kind &&
        (one.namespace === undefined || one.namespace === namespace),
    );
  }
}
