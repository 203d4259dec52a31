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

/**
 * Lists of objects that a cluster may not have. Without their API, or without the right to read them, there are none, which is said once,
 * and nothing else suffers.
 */
export class OptionalLists {
  readonly #options: OptionalListsOptions;
  /** Those that the last list did not give, and why. */
  readonly #absent = new Map<string, 'not-served' | 'forbidden'>();

  constructor(options: OptionalListsOptions) {
    this.#options = options;
  }

  /** Why there is no list; undefined if there was one, or none has been tried yet. */
  whyAbsent(what: ApiResource): 'not-served' | 'forbidden' | undefined {
    return this.#absent.get(nameOf(what));
  }

  /**
   * @returns undefined if the API is not served or may not be read
   * @throws {ApiError} when it cannot be listed for another reason
   */
  async list<T>(what: ApiResource, read: () => Promise<T>): Promise<T | undefined> {
    try {
      const listed = await read();
      this.#absent.delete(nameOf(what));
      return listed;
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) throw error;
      const why = isNotFound(error) || !(await this.#isServed(what)) ? 'not-served' : 'forbidden';
      const isNews = this.whyAbsent(what) !== why;
      this.#absent.set(nameOf(what), why);
      if (isNews && why === 'not-served') this.#options.onNotServed(what);
      if (isNews && why === 'forbidden') this.#options.onForbidden(what, error);
      return undefined;
    }
  }

  /** The API server refuses first and looks afterwards, so only discovery tells. If it does not, the right is missing all the same. */
  #isServed(what: ApiResource): Promise<boolean> {
    return this.#options.cluster.serves(what).catch(() => true);
  }
}
