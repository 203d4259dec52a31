import type { Api, Query } from './api.ts';
import { ApiError, isGone } from './apiError.ts';
import { fittingPage, PAGE_SIZE, pageLimitFor } from './pageLimit.ts';
import type { Priority } from './priority.ts';

const RESTARTS = 3;

/** Requests objects without spec and status (KEP-2332's metadata transform), for lists and watches. */
export const METADATA_ONLY = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
} as const;

export interface ListOptions {
  /** Path of a collection, from `resourcePath`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata of each object. */
  readonly metadataOnly?: boolean;
  /** Objects per page: 500 by default, fewer if they are large. */
  readonly limit?: number;
  /** `scan` by default. */
  readonly priority?: Priority;
  readonly signal?: AbortSignal;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Version of the whole list; the same on all pages. A watch starts from it. */
  readonly resourceVersion: string;
}

/** The list changed too much while it was read. The pages so far are incomplete, and the caller must discard them. */
export class ListExpired extends Error {
  override readonly name = 'ListExpired';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`the list of ${path} expired while it was read`, { cause });
    this.path = path;
  }
}

interface RawList<T> {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/**
 * The pages of a list, read on demand.
 * @throws ListExpired when a continue token is too old; ApiError for everything else
 */
export async function* listPages<T>(api: Api, options: ListOptions): AsyncGenerator<Page<T>> {
  const { path, metadataOnly = false, signal, priority } = options;
  const accept = metadataOnly ? METADATA_ONLY.list : 'application/json';
  const pageLimit = pageLimitFor(api, path, options.limit ?? PAGE_SIZE);
  const common = { method: 'GET', path, accept, ...(signal && { signal }), ...(priority && { priority }) } as const;
  const read = (continued: string | undefined): Promise<RawList<T>> =>
    fittingPage(pageLimit, ({ limit, ...bound }) =>
      api.request<RawList<T>>({ ...common, ...bound, query: pageQuery({ ...options, limit }, continued) }),
    );
  for await (const page of eachPage(path, async (continued) => pageOf(path, await read(continued)))) {
    yield { items: page.items, resourceVersion: page.resourceVersion };
  }
}

function pageOf<T>(path: string, list: RawList<T> | undefined): Page<T> & Continued {
  if (!list?.metadata) {
    throw new ApiError({ method: 'GET', path, reason: 'Malformed', message: `GET ${path}: the answer is not a list` });
  }
  const { resourceVersion = '', continue: continued = '' } = list.metadata;
  return { items: list.items ?? [], resourceVersion, continued };
}

export interface Continued {
  /** Token for the next page; empty on the last. */
  readonly continued: string;
}

/**
 * Follows continue tokens. Pages can be of any type. The next page is requested before the last one is given out, so that the server makes
 * it while the caller works: at most two pages are in memory.
 * @throws ListExpired for a 410 on any page but the first; ApiError when a page points to itself, which would never end
 */
export async function* eachPage<P extends Continued>(
  path: string,
  read: (continued: string | undefined) => Promise<P>,
): AsyncGenerator<P> {
  let coming: Promise<P> | undefined = read(undefined);
  let last: string | undefined;
  while (coming) {
    const page: P = await coming;
    const { continued } = page;
    if (continued && continued === last) throw circular(path);
    last = continued;
    coming = continued ? following(path, read(continued)) : undefined;
    yield page;
  }
}

/** A page after the first one. It may fail before anybody waits for it, or when nobody will. */
function following<P>(path: string, page: Promise<P>): Promise<P> {
  const found = page.catch((error: unknown) => {
    throw isGone(error) ? new ListExpired(path, error) : error;
  });
  found.catch(() => undefined);
  return found;
}

function circular(path: string): ApiError {
  const message = `GET ${path}: the next page is the same page again; is there a proxy that caches answers?`;
  return new ApiError({ method: 'GET', path, reason: 'Malformed', message });
}

/**
 * Never sends a resourceVersion: with `0`, the API server answers from its watch cache and ignores `limit` (apiserver
 * pkg/storage/cacher/delegator), so one response may contain the whole cluster.
 */
export function pageQuery({ labelSelector, fieldSelector, limit }: Partial<ListOptions>, continued?: string): Query {
  return { limit: limit ?? PAGE_SIZE, continue: continued, labelSelector, fieldSelector };
}

/** Runs a function that reads a whole list. When the list expires, it starts again, at most three times. */
export async function restartingExpired<T>(readAll: () => Promise<T>): Promise<T> {
  for (let left = RESTARTS; ; left--) {
    try {
      return await readAll();
    } catch (error) {
      if (!(error instanceof ListExpired) || left === 0) throw error;
    }
  }
}

/** A whole list and the version to watch it from. */
export function snapshot<T>(api: Api, options: ListOptions): Promise<{ items: T[]; resourceVersion: string }> {
  return restartingExpired(async () => {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of listPages<T>(api, options)) {
      for (const item of page.items) items.push(item);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  });
}

/**
 * All objects of a list, without kind and apiVersion, which list items do not have.
 * @throws ListExpired when it expired four times; ApiError for everything else
 */
export async function wholeList<T>(api: Api, options: ListOptions): Promise<T[]> {
  return (await snapshot<T>(api, options)).items;
}

/**
 * What is needed of each object of a list. No more than two pages of whole objects are in memory: whoever may create them decides how large
 * they are.
 * @param of called with each object, and again with all of them if the list expires meanwhile; what it makes undefined is left out
 * @throws as `wholeList` does
 */
export function ofEachListed<T, R>(api: Api, options: ListOptions, of: (item: T) => R | undefined): Promise<R[]> {
  return restartingExpired(async () => {
    const all: R[] = [];
    for await (const { items } of listPages<T>(api, options)) for (const item of items) push(all, of(item));
    return all;
  });
}

function push<R>(all: R[], one: R | undefined): void {
  if (one !== undefined) all.push(one);
}
