import type { Api } from './api.ts';
import { isTooLarge } from './apiError.ts';

/** Objects per page: what client-go's pager asks for; a page of injected pods is then about 5 MB of JSON. */
export const PAGE_SIZE = 500;
/** Bytes per page: `JSON.parse` of so many takes some 15 ms, which block everything else, also renewals of the Lease. */
export const PAGE_BYTES = 2 * 2 ** 20;

/** How many pages must fit before a larger one is tried: at first, and at most after many failed tries. */
const PATIENCE = 2;
const LONGEST_PATIENCE = 64;

/**
 * How many objects of one resource to ask for in a page. A page with too many bytes halves the number, down to one object. Pages that fit
 * double it again, each time later if doubling has failed before, and not while they are so large that twice as many would not fit. The API
 * server takes another `limit` with a token that it gave for the last one.
 */
export class PageLimit {
  readonly #full: number;
  #current: number;
  #fitting = 0;
  #patience = PATIENCE;
  /** Whether the limit was just doubled and no page of the new size has arrived yet. */
  #hopeful = false;
  /** Bytes of the page before the last one: the last page of a list is short. */
  #before = 0;

  /** @param full objects per page if nothing is too large */
  constructor(full: number) {
    this.#full = full;
    this.#current = full;
  }

  get current(): number {
    return this.#current;
  }

  /** @param asked the limit of the page that was too large; several requests may be in progress */
  tooLarge(asked: number): void {
    this.#become(Math.min(this.#current, Math.max(1, Math.floor(asked / 2))));
    if (this.#hopeful) this.#patience = Math.min(LONGEST_PATIENCE, this.#patience * 2);
    this.#hopeful = false;
    this.#fitting = 0;
  }

  /**
   * @param asked the limit of the page that was not too large
   * @param bytes its length and the most that fits, if they are known
   */
  fitted(asked: number, bytes?: { readonly length: number; readonly most: number }): void {
    if (asked !== this.#current) return;
    if (this.#hopeful) this.#patience = PATIENCE;
    this.#hopeful = false;
    this.#fitting += 1;
    const larger = Math.max(this.#before, bytes?.length ?? 0);
    this.#before = bytes?.length ?? 0;
    if (asked === this.#full || this.#fitting < this.#patience) return;
    if (bytes && 2 * larger > bytes.most) return;
    this.#become(Math.min(this.#full, asked * 2));
    this.#hopeful = true;
    this.#fitting = 0;
  }

  #become(objects: number): void {
    this.#current = objects;
    this.#before = 0;
  }
}

/** Page sizes are kept as long as the connection, so that the next list starts with the right size. */
const learnt = new WeakMap<Pick<Api, 'send'>, Map<string, PageLimit>>();

/**
 * @param path of the collection; its resource is what matters, so that there are never more limits than resources
 * @param full objects per page if nothing is too large
 */
export function pageLimitFor(api: Pick<Api, 'send'>, path: string, full: number): PageLimit {
  const limits = learnt.get(api) ?? new Map<string, PageLimit>();
  learnt.set(api, limits);
  const key = `${path.split('/').at(-1)} ${full}`;
  const limit = limits.get(key) ?? new PageLimit(full);
  limits.set(key, limit);
  return limit;
}

/** How much to request: objects, and bytes if a smaller page is possible. */
export interface PageSize {
  readonly limit: number;
  readonly maxBytes?: number;
}

/** Bytes that a server without `limit` support, or a proxy in front of one, may send. It cannot send less. */
const WHOLE_BYTES = 256 * 2 ** 20;

/** How pages are bounded, and what is known of them. */
export interface PageBounds<T> {
  /** The most bytes of a page of several objects; `PAGE_BYTES` by default. */
  readonly most?: number;
  /** The bytes of a page. */
  readonly length?: (page: T) => number;
}

/**
 * Requests a page, and smaller ones while it has too many bytes. A page of one object may be as large as any answer. If that is not enough,
 * the server does not page, and its answer is the whole list.
 * @throws what `ask` throws; `TooLarge` only for a whole list
 */
export async function fittingPage<T>(
  limit: PageLimit,
  ask: (size: PageSize) => Promise<T>,
  { most = PAGE_BYTES, length }: PageBounds<T> = {},
): Promise<T> {
  for (;;) {
    const asked = limit.current;
    try {
      const page = await ask({ limit: asked, ...(asked > 1 && { maxBytes: most }) });
      limit.fitted(asked, length && { length: length(page), most });
      return page;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (asked === 1) return ask({ limit: 1, maxBytes: WHOLE_BYTES });
      limit.tooLarge(asked);
    }
  }
}
