/** The fields of an object that the store needs. */
export interface Stored {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

/** The change of one object: `after` is absent for a deleted object, `before` for a new one. */
export interface Change<T> {
  readonly key: string;
  readonly before?: T;
  readonly after?: T;
}

/** `namespace/name`, or only the name for objects without a namespace. */
export function objectKey({ metadata }: Stored): string {
  const { namespace, name = '' } = metadata ?? {};
  return namespace ? `${namespace}/${name}` : name;
}

/** The objects of a watched list. Every method returns the changes. An unchanged object is not a change. */
export class Store<T extends Stored> {
  #objects = new Map<string, T>();

  items(): T[] {
    return [...this.#objects.values()];
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /**
   * An object with the same name but another UID is a different object, so its arrival is two changes. One of a version that is here already
   * stays as it is: hashes and the like are kept by object, so that a new list after a lost watch costs only what has changed.
   */
  put(after: T): Change<T>[] {
    const key = objectKey(after);
    const before = this.#objects.get(key);
    if (before && isSameVersion(before, after)) return [];
    this.#objects.set(key, after);
    if (!before) return [{ key, after }];
    if (before.metadata?.uid !== after.metadata?.uid)
      return [
        { key, before },
        { key, after },
      ];
    return [{ key, before, after }];
  }

  remove(object: T): Change<T>[] {
    const key = objectKey(object);
    const before = this.#objects.get(key);
    return this.#objects.delete(key) && before ? [{ key, before }] : [];
  }

  /** Replaces the objects with those of a new list. An object that is not in the list is gone, even if its deletion was never seen. */
  replace(objects: readonly T[]): Change<T>[] {
    const listed = new Set(objects.map(objectKey));
    const gone = this.items().filter((object) => !listed.has(objectKey(object)));
    return [...gone.flatMap((object) => this.remove(object)), ...objects.flatMap((object) => this.put(object))];
  }
}

/** Without a version, nothing says that two objects are the same. */
function isSameVersion({ metadata: before }: Stored, { metadata: after }: Stored): boolean {
  const version = after?.resourceVersion;
  return version !== undefined && version === before?.resourceVersion && after?.uid === before?.uid;
}
