/** As much of an object as keeping it in order needs. */
export interface Stored {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

/** One object's change: `after` is absent when it went, `before` when it came. */
export interface Change<T> {
  readonly key: string;
  readonly before?: T;
  readonly after?: T;
}

/** `namespace/name`, or the name alone of what has no namespace. */
export function objectKey({ metadata }: Stored): string {
  const { namespace, name = '' } = metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}

/** The objects of one watched list. Every method returns what it changed; an object that is known already is no change. */
export class Store<T extends Stored> {
  #objects = new Map<string, T>();

  items(): T[] {
    return [...this.#objects.values()];
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** An object of the same name but another UID is another object: its coming is two changes. */
  put(after: T): Change<T>[] {
    const key = objectKey(after);
    const before = this.#objects.get(key);
    this.#objects.set(key, after);
    if (!before) return [{ key, after }];
    if (before.metadata?.uid !== after.metadata?.uid)
      return [
        { key, before },
        { key, after },
      ];
    return before.metadata?.resourceVersion === after.metadata?.resourceVersion ? [] : [{ key, before, after }];
  }

  remove(object: T): Change<T>[] {
    const key = objectKey(object);
    const before = this.#objects.get(key);
    return this.#objects.delete(key) && before ? [{ key, before }] : [];
  }

  /** Replaces the objects with those of a new list. An object that is not in it is gone, even if its deletion was never seen. */
  replace(objects: readonly T[]): Change<T>[] {
    const listed = new Set(objects.map(objectKey));
    const gone = this.items().filter((object) => !listed.has(objectKey(object)));
    return [...gone.flatMap((object) => this.remove(object)), ...objects.flatMap((object) => this.put(object))];
  }
}
