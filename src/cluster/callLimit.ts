import { ApiError, type Call } from './apiError.ts';

/** Ends a call on its time limit, its caller's signal or the client's closing, and provides the error for each. */
export class CallLimit {
  readonly #call: Call;
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #limit: number | undefined;
  #timedOut = false;

  /**
   * @param limitMs milliseconds; undefined for a call without limit
   * @param sources signals that end the call when they abort
   */
  constructor(call: Call, limitMs: number | undefined, sources: readonly (AbortSignal | undefined)[]) {
    this.#call = { method: call.method, path: call.path };
    this.#limit = limitMs;
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) {
      if (source.aborted) this.#abort();
      else source.addEventListener('abort', this.#abort, { once: true });
    }
    if (limitMs !== undefined) this.#timer = setTimeout(this.#expire, limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #abort = (): void => this.#controller.abort();

  readonly #expire = (): void => {
    this.#timedOut = true;
    this.#abort();
  };

  /** The error to throw: the limit's own if the limit has ended the call, else the given one. */
  explain(thrown: unknown): unknown {
    if (!this.signal.aborted) return thrown;
    const { method, path } = this.#call;
    if (!this.#timedOut)
      return new ApiError({ method, path, reason: 'Aborted', message: `${method} ${path}: stopped` });
    return new ApiError({
      method,
      path,
      reason: 'Timeout',
      message: `${method} ${path}: no answer within ${Math.ceil(this.#limit ?? 0)} ms`,
    });
  }

  /** Removes timer and listeners, because a caller's signal may live as long as the process. */
  release(): void {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.removeEventListener('abort', this.#abort);
  }
}

/** Waits for a promise that cannot be aborted itself. When the signal aborts first, it rejects with the signal's reason. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
