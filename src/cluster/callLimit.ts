import { ApiError, type Call } from './apiError.ts';

/** Ends a call by its time limit, its caller's signal or the client's closing, and has the error for each. */
export class CallLimit {
  readonly #call: Call;
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #limit: number | undefined;
  #timedOut = false;

  /**
   * @param limitMs milliseconds, or undefined for a call that may last
   * @param sources each of them ends the call when it aborts
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

  /** The error to throw: the limit's own if the limit has ended the call, else the one that was thrown. */
  explain(thrown: unknown): unknown {
    if (!this.signal.aborted) return thrown;
    const { method, path } = this.#call;
    if (!this.#timedOut)
      return new ApiError({ method, path, reason: 'Aborted', message: `${method} ${path}: stopped` });
    return new ApiError({
      method,
      path,
      reason: 'Timeout',
      message: `${method} ${path}: no answer within ${this.#limit} ms`,
    });
  }

  /** Leaves no timer and no listener behind: a caller's signal may live as long as the process. */
  release(): void {
    clearTimeout(this.#timer);
    for (const source of this.#sources) source.removeEventListener('abort', this.#abort);
  }
}

/** Waits for something that cannot be aborted itself, no longer than the signal allows; rejects with its reason then. */
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
