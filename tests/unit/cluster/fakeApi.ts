import type { ApiRequest, ApiResponse, Query, StreamRequest, WatchApi } from '../../../src/cluster/api.ts';

export type Answer = unknown;

/** One open watch, written by the test. */
export class FakeWatch implements AsyncIterable<Uint8Array> {
  readonly query: Query;
  readonly accept: string | undefined;
  readonly signal: AbortSignal;
  #pieces: Uint8Array[] = [];
  #failure: unknown;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor({ query = {}, accept, signal }: StreamRequest) {
    this.query = query;
    this.accept = accept;
    this.signal = signal;
    signal.addEventListener('abort', () => this.fail(new Error('aborted')));
  }

  send(type: string, object: unknown): void {
    this.#pieces.push(Buffer.from(`${JSON.stringify({ type, object })}\n`));
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) yield piece;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** An API that answers what a test has laid ready: each list and each watch takes the next, and the last one stays. An Error is thrown. */
export class FakeApi implements WatchApi {
  readonly lists: ApiRequest[] = [];
  readonly watches: FakeWatch[] = [];
  readonly #answers: Answer[];
  readonly #watchFailures: unknown[];
  watchAttempts = 0;

  constructor(answers: readonly Answer[], watchFailures: readonly unknown[] = []) {
    this.#answers = [...answers];
    this.#watchFailures = [...watchFailures];
  }

  async request<T>(request: ApiRequest): Promise<T> {
    this.lists.push(request);
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer instanceof Error) throw answer;
    return answer as T;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    return this.request<ApiResponse>(request);
  }

  async stream(request: StreamRequest): Promise<AsyncIterable<Uint8Array>> {
    this.watchAttempts += 1;
    const failure = this.#watchFailures.shift();
    if (failure) throw failure;
    const watch = new FakeWatch(request);
    this.watches.push(watch);
    return watch;
  }
}
