/** A field of a message: what `encode` makes bytes of. Numbers and booleans are varints; an array is a repeated field. */
export type Value = string | number | boolean | Buffer | Fields | readonly Value[];
export interface Fields {
  readonly [field: number]: Value;
}

function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function delimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function encodeField(field: number, value: Value): Buffer {
  if (Array.isArray(value)) return Buffer.concat(value.map((one: Value) => encodeField(field, one)));
  if (typeof value === 'number' || typeof value === 'boolean')
    return Buffer.from([...varint(field * 8), ...varint(Number(value))]);
  if (typeof value === 'string') return delimited(field, Buffer.from(value));
  return delimited(field, Buffer.isBuffer(value) ? value : encode(value as Fields));
}

/** Writes a protobuf message from field numbers and values, in ascending order as Kubernetes does. */
export function encode(fields: Fields): Buffer {
  return Buffer.concat(Object.entries(fields).map(([field, value]) => encodeField(Number(field), value)));
}

/** The envelope of `application/vnd.kubernetes.protobuf`. */
export function enveloped(kind: string, raw: Buffer, rest: Fields = {}): Buffer {
  return Buffer.concat([Buffer.from('k8s\0', 'latin1'), encode({ 1: { 1: 'v1', 2: kind }, 2: raw, ...rest })]);
}
