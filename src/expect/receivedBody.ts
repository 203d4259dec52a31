/** Blocks grow to this size; to copy one takes less than a millisecond. */
const LARGEST_BLOCK = 1024 * 1024;
/** An ordinary answer of istiod fits. */
const FIRST_BLOCK = 16 * 1024;

/**
 * The part of a body that has arrived. While no more is wanted, the sender has to wait. Each piece is copied as it comes, into blocks of
 * its own: they can be given to a thread, and there is no large copy at the end.
 */
export class ReceivedBody {
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #full: Uint8Array<ArrayBuffer>[] = [];
  #block = new Uint8Array(0);
  /** Bytes of the last block that are filled. */
  #filled = 0;
  #size = 0;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  /** Receives until there are more bytes than this or no more will come; whether it is all. */
  async upTo(bytes: number): Promise<boolean> {
    while (this.#size <= bytes) {
      const { done, value } = await this.#body.next();
      if (done) return true;
      this.#append(value);
    }
    return false;
  }

  /** What has come, in order. It must not be received further. */
  blocks(): Uint8Array<ArrayBuffer>[] {
    return [...this.#full, this.#block.subarray(0, this.#filled)];
  }

  #append(piece: Uint8Array): void {
    this.#size += piece.length;
    for (let rest = piece; rest.length > 0; ) {
      const taken = rest.subarray(0, this.#block.length - this.#filled);
      this.#block.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (rest.length > 0) this.#next();
    }
  }

  #next(): void {
    if (this.#block.length > 0) this.#full.push(this.#block);
    this.#block = new Uint8Array(Math.min(LARGEST_BLOCK, this.#block.length * 4 || FIRST_BLOCK));
    this.#filled = 0;
  }
}
