/** The bytes are not the message they should be, or not all of it. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** Takes up one field of a message into `into`. What it leaves unread, the reader skips. */
export type Visit<T> = (field: number, reader: ProtobufReader, into: T) => void;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const VARINT_LONGEST = 10;

/**
 * Reads protobuf messages in one pass over their bytes: fields that are not read are skipped and allocate nothing.
 * Every read is checked against the end of its message, so that cut or foreign bytes are an error and never a part of the truth.
 * Encoding: protobuf.dev/programming-guides/encoding. Groups do not occur in Kubernetes and are refused.
 */
export class ProtobufReader {
  readonly #bytes: Buffer;
  #at: number;
  #end: number;
  #wire = BYTES;

  constructor(bytes: Buffer, start = 0) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = bytes.length;
  }

  /** Reads the message that fills the bytes. */
  root<T>(visit: Visit<T>, into: T): T {
    this.#fields(visit, into);
    return into;
  }

  /** Reads the current field as an embedded message. */
  message<T>(visit: Visit<T>, into: T): T {
    const outer = this.#end;
    this.#end = this.#open();
    this.#fields(visit, into);
    this.#end = outer;
    return into;
  }

  /** Where the value of the current field begins, its length included; once it was read, where it has ended. */
  get position(): number {
    return this.#at;
  }

  /** A reader of a message that was read already, from the position that it had. */
  from(position: number): ProtobufReader {
    return new ProtobufReader(this.#bytes, position);
  }

  /** Reads the current field as a string. */
  text(): string {
    const end = this.#open();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** Reads the current field as bytes, which are not copied. */
  bytes(): Buffer {
    const end = this.#open();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  bool(): boolean {
    return this.number() !== 0;
  }

  /** Reads the current field as a number that is not negative. */
  number(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  #fields<T>(visit: Visit<T>, into: T): void {
    while (this.#at < this.#end) {
      const tag = this.#varint();
      this.#wire = tag % 8;
      const value = this.#at;
      visit(Math.floor(tag / 8), this, into);
      // Every value takes at least one byte.
      if (this.#at === value) this.#skip();
    }
  }

  #skip(): void {
    if (this.#wire === BYTES) this.#at = this.#open();
    else if (this.#wire === VARINT) this.#varint();
    else if (this.#wire === FIXED64) this.#advance(8);
    else if (this.#wire === FIXED32) this.#advance(4);
    else throw new ProtobufError(`unknown wire type ${this.#wire} before byte ${this.#at}`);
  }

  /** Reads a length and returns where the value after it ends. */
  #open(): number {
    this.#expect(BYTES);
    const length = this.#varint();
    if (length > this.#end - this.#at) throw new ProtobufError(`a value is cut off at byte ${this.#end}`);
    return this.#at + length;
  }

  #expect(wire: number): void {
    if (this.#wire !== wire)
      throw new ProtobufError(`wire type ${this.#wire} instead of ${wire} before byte ${this.#at}`);
  }

  #advance(count: number): void {
    if (count > this.#end - this.#at) throw new ProtobufError(`a value is cut off at byte ${this.#end}`);
    this.#at += count;
  }

  /** Numbers above 2^53 lose their lowest bits; none that is read is so large. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_LONGEST; count++) {
      if (this.#at >= this.#end) throw new ProtobufError(`a number is cut off at byte ${this.#end}`);
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ProtobufError(`a number has more than ${VARINT_LONGEST} bytes before byte ${this.#at}`);
  }
}
