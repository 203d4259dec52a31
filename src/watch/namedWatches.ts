import type { Reflector } from '../cluster/reflector.ts';
import type { Stored } from '../cluster/store.ts';

/** What to watch: all objects of a namespace, or one object by name. */
export interface WatchKey {
  readonly namespace: string;
  readonly name?: string;
}

/** `namespace`, or `namespace/name`. */
const placeKey = ({ namespace, name }: WatchKey): string => (name === undefined ? namespace : `${namespace}/${name}`);

interface Opened<T extends Stored> {
  readonly reflector: Reflector<T>;
  readonly stop: AbortController;
}

/** Watches of one kind, which start and stop as references to their objects come and go. */
export class NamedWatches<T extends Stored> {
  readonly #open: (place: WatchKey, stop: AbortSignal) => Reflector<T>;
  readonly #opened = new Map<string, Opened<T>>();

  /** @param open starts a watch that ends with the signal */
  constructor(open: (place: WatchKey, stop: AbortSignal) => Reflector<T>) {
    this.#open = open;
  }

  /** Starts the missing watches and stops those that are no longer wanted. */
  become(places: readonly WatchKey[]): void {
    const wanted = new Map(places.map((place) => [placeKey(place), place]));
    for (const [key, { stop }] of this.#opened) {
      if (wanted.has(key)) continue;
      stop.abort();
      this.#opened.delete(key);
    }
    for (const [key, place] of wanted) {
      if (this.#opened.has(key)) continue;
      const stop = new AbortController();
      this.#opened.set(key, { reflector: this.#open(place, stop.signal), stop });
    }
  }

  items(place: WatchKey): readonly T[] {
    return this.#opened.get(placeKey(place))?.reflector.items() ?? [];
  }

  reflectors(): Reflector<T>[] {
    return [...this.#opened.values()].map(({ reflector }) => reflector);
  }
}
