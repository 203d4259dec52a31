import { backOff } from '../backOff.ts';
import { loopSlices } from '../loopSlices.ts';
import type { WatchApi } from './api.ts';
import { ApiError, isForbidden, isGone, isNotFound, type RawStatus, statusError } from './apiError.ts';
import { type Clock, systemClock } from './clock.ts';
import { METADATA_ONLY, snapshot } from './list.ts';
import { rightFor } from './resources.ts';
import { type Change, Store, type Stored } from './store.ts';
import { type WatchEvent, watchEvents } from './watchEvents.ts';

/**
 * The server ends a watch after 5 to 10 minutes. The spread prevents clients from reconnecting at the same time (client-go reflector.go).
 */
const SHORTEST_WATCH_S = 300;
const SPREAD_S = 300;
/** A watch that outlives its timeout has a dead connection. */
const GRACE_MS = 30_000;
/**
 * The API server's watch cache sends a bookmark about every minute (apiserver pkg/storage/cacher, defaultBookmarkFrequency). If two are
 * missing, something in between has dropped the connection silently. Servers without bookmarks lose almost nothing, because a watch that
 * begins again from its last version is cheap.
 */
const SILENCE_MS = 150_000;
/** A watch that lasted this long was successful, and earlier failures are forgotten. */
const HEALTHY_MS = 10_000;
const RETRY = { first: 1000, longest: 30_000 };
const NOT_SERVED_MS = 5 * 60_000;

export interface ReflectorOptions {
  readonly client: WatchApi;
  /** Path of a collection, from `resourcePath`. */
  readonly path: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata of each object. */
  readonly metadataOnly?: boolean;
  /** The kind may not exist (a CRD that is not installed). Then there are no objects, and it is checked again every 5 minutes. */
  readonly optional?: boolean;
  /** Called for each new failure, and for each listener that throws. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  /** A number in [0, 1), like Math.random. */
  readonly random?: () => number;
}

/**
 * Keeps a local copy of a list up to date: it lists, then watches, and starts again after a failure. Only its signal stops it. It follows
 * the rules of client-go's tools/cache/reflector.go.
 */
export class Reflector<T extends Stored> {
  readonly path: string;
  /** Resolves at the first complete list. If it is stopped before that, it resolves too, and `isSynced` stays false. Never rejects. */
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
  /** The version from which the next watch begins; undefined if a new list is needed. */
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

  /** Whether the objects have been listed once. They are kept when later calls fail, and may then be old, see `lastError`. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Why the copy is not up to date now; undefined if it is. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  items(): T[] {
    return this.#store.items();
  }

  /** Calls the listener for each change, after updating the store. Returns a function that unsubscribes. */
  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts; a second call does nothing. */
  start(): void {
    this.#running ??= this.#run().finally(this.#settle);
  }

  /** Resolves when a started reflector has stopped after its signal, with no calls left. Never rejects. */
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

  /** Lists if needed, and watches until the watch ends. Returns the wait before the next round, in milliseconds. */
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
    const known: T[] = [];
    const slices = loopSlices();
    for (const item of items) {
      known.push(this.#store.known(item));
      await slices.step();
    }
    if (this.#options.signal.aborted) return;
    const changes = this.#store.replace(known);
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
      // A watch that the guard or a stop has cut off here has ended, but not failed.
      if (!end.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      end.abort();
      await guard;
    }
  }

  /** Resolves when the watch has been silent for so long that it must be dead. */
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

  /** @throws ApiError for an ERROR event. After any of them, a new list is needed (as in client-go) */
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

  /** A first list may be long, and listeners may be slow. Other work gets its turn in between. */
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

  /** Decides whether the next round lists or watches. Returns the wait before it, in milliseconds. */
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

  /**
   * A watch that ends at once counts as a failure, even without an error. Otherwise a server that drops all watches would be asked in a
   * tight loop.
   */
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

/** No response arrived, or a connection ended in the middle of one. */
const isLost = (error: unknown): boolean =>
  error instanceof ApiError && error.status === undefined && (error.reason === 'Network' || error.reason === 'Timeout');

/** Whether the next watch may continue from here: the server was away or busy, and did not reject the version. */
const canResume = (error: unknown): boolean =>
  isLost(error) || (error instanceof ApiError && (error.status === 429 || (error.status ?? 0) >= 500));
