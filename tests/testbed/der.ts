/** The few ASN.1 DER forms that an X.509 certificate is made of. */

const encode = (tag: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([tag]), length(content.length), content]);

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes = Buffer.from(size.toString(16).padStart(size > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

export const sequence = (...parts: Uint8Array[]): Buffer => encode(0x30, Buffer.concat(parts));
export const set = (...parts: Uint8Array[]): Buffer => encode(0x31, Buffer.concat(parts));
export const octets = (content: Uint8Array): Buffer => encode(0x04, content);
export const utf8 = (text: string): Buffer => encode(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Buffer => encode(0x01, Buffer.from([value ? 0xff : 0]));
/** A bit string; `unused` is the number of bits left over in its last byte. */
export const bits = (content: Uint8Array, unused = 0): Buffer =>
  encode(0x03, Buffer.concat([Buffer.from([unused]), content]));
/** A field with a context tag of its own, wrapped around what it holds. */
export const explicit = (tag: number, content: Uint8Array): Buffer => encode(0xa0 | tag, content);
/** A field whose context tag replaces the tag of what it holds. */
export const implicit = (tag: number, content: Uint8Array): Buffer => encode(0x80 | tag, content);

/** A whole number that is not negative, in as few bytes as DER demands. */
export function integer(value: Uint8Array): Buffer {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : value.subarray(start);
  const negative = ((digits[0] ?? 0) & 0x80) !== 0;
  return encode(0x02, negative ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

/** An object identifier such as `2.5.4.3`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encode(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

/** A UTCTime, which X.509 uses for every date before 2050. */
export const utcTime = (date: Date): Buffer =>
  encode(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
