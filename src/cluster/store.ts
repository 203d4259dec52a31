import { isDeepStrictEqual } from 'node:util';

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
   * The object that is here already, if this is the same in the same version; else this one. Hashes and the like are kept by object, so
   * that a new list after a lost watch costs only what has changed.
   */
  known(object: T): T {
    const before = this.#objects.get(objectKey(object));
    const isSame = before === object || (before && isSameVersion(before, object) && isSameContent(before, object));
    return isSame ? (before as T) : object;
  }

  /** An object with the same name but another UID is a different object, so its arrival is two changes. */
  put(after: T): Change<T>[] {
    const key = objectKey(after);
    const before = this.#objects.get(key);
    if (before && this.known(after) === before) return [];
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

/**
 * Whether two objects of one version really say the same. If etcd is restored from a backup, it counts on from an older version, and gives
 * versions out for the second time. Objects in a list have neither `kind` nor `apiVersion`.
 */
function isSameContent(before: Stored, after: Stored): boolean {
  try {
    return isDeepStrictEqual({ ...before, ...NOT_IN_LISTS }, { ...after, ...NOT_IN_LISTS });
  } catch {
    // nested too deeply to be compared, which a tenant can make
    return false;
  }
}

const NOT_IN_LISTS = { kind: '', apiVersion: '' };
