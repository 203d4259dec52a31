/**
 * Reads an answer, and gives its memory back at once (ECMA-262, ArrayBuffer.prototype.transfer). V8 frees bytes only when it collects old
 * objects. It does that when there are many objects, not when there are many bytes, so the pages of a large cluster would pile up.
 * @param bytes are gone afterwards, also where something still holds a part of them
 */
export function readOnce<T>(bytes: Buffer, read: (bytes: Buffer) => T): T {
  try {
    return read(bytes);
  } finally {
    const { buffer, byteLength } = bytes;
    // a short Buffer is a part of a pool, whose other parts are in use
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
  }
}
