import { isForbidden, isNotFound } from '../cluster/apiError.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type ApiResource, nameOf } from '../kinds/apiResource.ts';

export interface OptionalListsOptions {
  readonly cluster: Pick<Cluster, 'serves'>;
  /** Called once for an API that is not served, until it is served again. */
  readonly onNotServed: (what: ApiResource) => void;
  /** Called once for one that is served and may not be read, until it may be. */
  readonly onForbidden: (what: ApiResource, error: unknown) => void;
}

type WhyAbsent = 'not-served' | 'forbidden';

const CLUSTER = '';

/**
 * Lists of objects that a cluster may not have. Without their API, or without the right to read them, there are none, which is said once,
 * and nothing else suffers.
 */
export class OptionalLists {
  readonly #options: OptionalListsOptions;
  /** Where the last list failed, and why: by the name of the API, then by namespace, which is empty for the whole cluster. */
  readonly #absent = new Map<string, Map<string, WhyAbsent>>();

  constructor(options: OptionalListsOptions) {
    this.#options = options;
  }

  /** Why there is no list of a namespace; undefined if there was one, or none has been tried yet. */
  whyAbsent(what: ApiResource, namespace: string | undefined): WhyAbsent | undefined {
    const places = this.#absent.get(nameOf(what));
    return places?.get(namespace ?? CLUSTER) ?? places?.get(CLUSTER);
  }

  /**
   * @param namespace undefined for the whole cluster
   * @returns undefined if the API is not served or may not be read
   * @throws {ApiError} when it cannot be listed for another reason
   */
  async list<T>(what: ApiResource, namespace: string | undefined, read: () => Promise<T>): Promise<T | undefined> {
    const places = this.#placesOf(what);
    try {
      const listed = await read();
      if (namespace === undefined) places.clear();
      else places.delete(namespace);
      return listed;
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) throw error;
      const why = isNotFound(error) || !(await this.#isServed(what)) ? 'not-served' : 'forbidden';
      const isNews = ![...places.values()].includes(why);
      places.set(namespace ?? CLUSTER, why);
      if (isNews) this.#say(what, why, error);
      return undefined;
    }
  }

  #placesOf(what: ApiResource): Map<string, WhyAbsent> {
    const places = this.#absent.get(nameOf(what)) ?? new Map<string, WhyAbsent>();
    this.#absent.set(nameOf(what), places);
    return places;
  }

  #say(what: ApiResource, why: WhyAbsent, error: unknown): void {
    if (why === 'not-served') this.#options.onNotServed(what);
    else this.#options.onForbidden(what, error);
  }

  /** The API server refuses first and looks afterwards, so only discovery tells. If it does not, the right is missing all the same. */
  #isServed(what: ApiResource): Promise<boolean> {
    return this.#options.cluster.serves(what).catch(() => true);
  }
}
