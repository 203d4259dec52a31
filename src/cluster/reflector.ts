import { backOff } from '../backOff.ts';
import { loopSlices } from '../loopSlices.ts';
import { ApiError, isForbidden, isGone, isNotFound, type RawStatus, statusError } from './apiError.ts';
import type { WatchApi } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import { METADATA_ONLY, snapshot } from './list.ts';
import { rightFor } from './resources.ts';
import { type Change, Store, type Stored } from './store.ts';
import { type WatchEvent, watchEvents } from './watchEvents.ts';

/** The server ends a watch after 5 to 10 minutes; the spread keeps clients of one server apart (client-go reflector.go). */
const SHORTEST_WATCH_S = 300;
const SPREAD_S = 300;
/** A watch that outlives the end it asked for has a dead connection. */
const GRACE_MS = 30_000;
/**
 * The API server's watch cache sends a bookmark about every minute (apiserver pkg/storage/cacher, defaultBookmarkFrequency). If two are
 * missing, something in between has dropped the connection without telling either end. Where there are no bookmarks, a watch that
 * begins again from its last version costs next to nothing.
 */
const SILENCE_MS = 150_000;
/** A watch that lasted this long worked: the failures before it are forgotten. */
const HEALTHY_MS = 10_000;
const RETRY = { first: 1000, longest: 30_000 };
const NOT_SERVED_MS = 5 * 60_000;

export interface ReflectorOptions {
  readonly client: WatchApi;
  /** Path of a collection, as `resourcePath` makes it. */
  readonly path: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata of each object. */
  readonly metadataOnly?: boolean;
  /** The kind may not exist (a CRD that is not installed): then there are no objects, and it is looked for again every 5 minutes. */
  readonly optional?: boolean;
  /** Called once for each failure until it changes or ends, and for each listener that throws. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  /** A number in [0, 1), like Math.random. */
  readonly random?: () => number;
}

/**
 * Keeps a local copy of one list up to date: it lists, then watches, and starts again after a failure. It only stops with its signal.
 * The rules are those of client-go's tools/cache/reflector.go.
 */
export class Reflector<T extends Stored> {
  readonly path: string;
  /** Resolves at the first whole list, or when stopped before it: then `isSynced` stays false. Never rejects. */
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #store = new Store<T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  readonly #settle: () => void;
  #running: Promise<void> | undefined;
  #isSynced = false;
  #lastError: Error | undefined;
  /** Where the next watch begins; undefined when only a new list can tell. */
  #version: string | undefined;
  /** When the current watch was answered. */
  #openedAt: number | undefined;
  /** When the current watch last sent something. */
  #heardAt = 0;
  #failures = 0;

  constructor(options: ReflectorOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.path = options.path;
    this.synced = promise;
    this.#settle = resolve;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  /** Whether the objects have been listed once. They stay when later calls fail: they may be old then, see `lastError`. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Why the copy is not kept up to date now; undefined when it is. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  items(): T[] {
    return this.#store.items();
  }

  /** @param key `namespace/name`, or the name of what has no namespace */
  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  /** Calls the listener for each change, after the store was updated. Returns a function that unsubscribes. */
  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins; a second call does nothing. */
  start(): void {
    this.#running ??= this.#run().finally(this.#settle);
  }

  /** Resolves when a started reflector has ended after its signal, with nothing left in flight. Never rejects. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const wait = await this.#round(signal);
      if (wait > 0 && !signal.aborted) await this.#clock.sleep(wait, signal).catch(() => undefined);
    }
  }

  /** Lists if need be and watches until that ends. Returns the milliseconds to wait before the next round. */
  async #round(signal: AbortSignal): Promise<number> {
    this.#openedAt = undefined;
    try {
      if (this.#version === undefined) await this.#list(signal);
      await this.#watch(signal);
    } catch (error) {
      return signal.aborted ? 0 : this.#recover(error);
    }
    return this.#waitAfterWatch();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, path, labelSelector, fieldSelector, metadataOnly = false } = this.#options;
    const selectors = { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
    const { items, resourceVersion } = await snapshot<T>(client, { path, ...selectors, metadataOnly, signal });
    this.#version = resourceVersion;
    await this.#become(items);
  }

  async #become(items: readonly T[]): Promise<void> {
    const changes = this.#store.replace(items);
    this.#isSynced = true;
    await this.#tell(changes);
    this.#settle();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const timeoutSeconds = SHORTEST_WATCH_S + Math.floor(this.#random() * SPREAD_S);
    const end = new AbortController();
    const stop = (): void => end.abort();
    signal.throwIfAborted();
    signal.addEventListener('abort', stop, { once: true });
    this.#heardAt = this.#clock.now();
    const tooLong = this.#clock.sleep(timeoutSeconds * 1000 + GRACE_MS, end.signal);
    const guard = Promise.all([tooLong, this.#silence(end.signal)].map((over) => over.then(stop, () => undefined)));
    try {
      await this.#follow(timeoutSeconds, end.signal);
    } catch (error) {
      // A watch that the guard or a stop has cut off here has ended and not failed.
      if (!end.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      end.abort();
      await guard;
    }
  }

  /** Resolves when the watch has said nothing for so long that it cannot be alive. */
  async #silence(signal: AbortSignal): Promise<void> {
    const left = (): number => this.#heardAt + SILENCE_MS - this.#clock.now();
    while (left() > 0) await this.#clock.sleep(left(), signal);
  }

  async #follow(timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    const { client, path, labelSelector, fieldSelector, metadataOnly } = this.#options;
    const from = { resourceVersion: this.#version, timeoutSeconds, watch: true, allowWatchBookmarks: true };
    const query = { ...from, labelSelector, fieldSelector };
    const accept = metadataOnly ? METADATA_ONLY.watch : 'application/json';
    const pieces = await client.stream({ path, query, accept, signal });
    this.#openedAt = this.#heardAt = this.#clock.now();
    this.#lastError = undefined;
    const slices = loopSlices();
    for await (const event of watchEvents(pieces)) {
      if (signal.aborted) return;
      this.#heardAt = this.#clock.now();
      await this.#take(event);
      await slices.step();
    }
  }

  /** @throws ApiError for an ERROR event: after any of them the next watch needs a new list (client-go does the same) */
  async #take({ type, object }: WatchEvent): Promise<void> {
    if (type === 'ERROR') {
      this.#version = undefined;
      throw statusError({ method: 'WATCH', path: this.path }, object as RawStatus);
    }
    const stored = object as T;
    this.#version = stored.metadata?.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    await this.#tell(type === 'DELETED' ? this.#store.remove(stored) : this.#store.put(stored));
  }

  /** A first list may be long, and listeners may have much to do with each change: others get their turn in between. */
  async #tell(changes: readonly Change<T>[]): Promise<void> {
    const slices = loopSlices();
    for (const change of changes) {
      await slices.step();
      if (this.#options.signal.aborted) return;
      for (const listener of this.#listeners) this.#tellOne(listener, change);
    }
  }

  #tellOne(listener: (change: Change<T>) => void, change: Change<T>): void {
    try {
      listener(change);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Decides what the next round begins with. Returns the milliseconds to wait before it. */
  async #recover(error: unknown): Promise<number> {
    if (this.#options.optional && isNotFound(error)) return this.#notServed();
    const failure = this.#inWords(error);
    if (!canResume(error)) this.#version = undefined;
    if (isGone(error) || (isLost(error) && this.#hasLasted())) return this.#waitAfterWatch();
    if (this.#lastError?.message !== failure.message) this.#report(failure);
    this.#lastError = failure;
    if (this.#hasLasted()) this.#failures = 0;
    return Math.max(this.#nextWait(), (error instanceof ApiError && error.retryAfterMs) || 0);
  }

  async #notServed(): Promise<number> {
    this.#version = undefined;
    this.#lastError = undefined;
    this.#failures = 0;
    await this.#become([]);
    return NOT_SERVED_MS;
  }

  #inWords(error: unknown): Error {
    if (!(error instanceof Error)) return new Error(String(error));
    if (!(error instanceof ApiError && isForbidden(error))) return error;
    const right = rightFor(this.#version === undefined ? 'list' : 'watch', this.path);
    return new ApiError({ ...error, message: `missing right: ${right} (${error.message})` });
  }

  /** A watch that ends at once counts as a failure, even without an error: a server that drops all watches must not be asked in a loop. */
  #waitAfterWatch(): number {
    if (!this.#hasLasted()) return this.#nextWait();
    this.#failures = 0;
    return 0;
  }

  #hasLasted(): boolean {
    return this.#openedAt !== undefined && this.#clock.now() - this.#openedAt >= HEALTHY_MS;
  }

  #nextWait(): number {
    this.#failures += 1;
    return backOff(this.#failures, RETRY, this.#random());
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // There is no listener left.
    }
  }
}

/** No answer came, or a connection ended in the middle of one. */
const isLost = (error: unknown): boolean =>
  error instanceof ApiError && error.status === undefined && (error.reason === 'Network' || error.reason === 'Timeout');

/** Whether the next watch may begin where this one ended: the server was away or busy, and said nothing against the version. */
const canResume = (error: unknown): boolean =>
  isLost(error) || (error instanceof ApiError && (error.status === 429 || (error.status ?? 0) >= 500));
