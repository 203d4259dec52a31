/** Blocks grow to this size. Copying one takes less than a millisecond. */
const LARGEST_BLOCK = 1024 * 1024;
/** An ordinary answer of istiod fits in this. */
const FIRST_BLOCK = 16 * 1024;

/**
 * The part of a body that has arrived. While no more is requested, the sender waits. Each piece is copied on arrival into blocks that can
 * be transferred to a thread, so there is no large copy at the end.
 */
export class ReceivedBody {
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #full: Uint8Array<ArrayBuffer>[] = [];
  #block = new Uint8Array(0);
  /** The number of bytes used in the last block. */
  #filled = 0;
  #size = 0;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  /** Receives until there are more bytes than this, or the body ends. Returns whether it has ended. */
  async upTo(bytes: number): Promise<boolean> {
    while (this.#size <= bytes) {
      const { done, value } = await this.#body.next();
      if (done) return true;
      this.#append(value);
    }
    return false;
  }

  /** The received blocks, in order. Nothing must be received afterwards. */
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
