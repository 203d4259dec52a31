/** Thrown when a CEL expression needs a value that is not known before the pod is created. */
class NotKnownYet extends Error {}

/** Longer values are not evaluated. Tenants can write them, and this bounds the cost of an expression. */
const LONGEST_TEXT = 8192;
const LONGEST_LIST = 256;

/** The known part of one object: some of its fields, and whether the other fields are known to be absent. */
export interface Known {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fields that other components set later, or whose values are unknown. */
  readonly open?: ReadonlySet<string>;
  /** Every field that is not in `fields` is unknown, */
  readonly restOpen?: boolean;
  /** except these: they are known to be absent unless `fields` has them. */
  readonly closed?: ReadonlySet<string>;
}

/**
 * A partly known object, as a CEL map. A request for an unknown field, for its presence, or for all fields of an object with unknown fields
 * throws `NotKnownYet`, so no answer is made up. Values are converted when they are read: whole numbers become CEL's int.
 */
export class KnownObject extends Map<string, unknown> {
  readonly #known: Known;
  readonly #path: string;

  constructor(known: Known, path: string) {
    super();
    this.#known = known;
    this.#path = path;
  }

  override get(key: unknown): unknown {
    const { fields, open, restOpen, closed } = this.#known;
    if (typeof key !== 'string') return undefined;
    const path = `${this.#path}.${key}`;
    if (open?.has(key)) throw new NotKnownYet(`${path} is not known before the pod is made`);
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (value !== undefined && value !== null) return celValue(value, path);
    if (restOpen && !closed?.has(key)) throw new NotKnownYet(`${path} is not known before the pod is made`);
    return undefined;
  }

  override has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }

  override get size(): number {
    return this.#all().length;
  }

  override keys(): MapIterator<string> {
    return this.#all()[Symbol.iterator]() as MapIterator<string>;
  }

  override entries(): MapIterator<[string, unknown]> {
    return this.#all()
      .map((key): [string, unknown] => [key, this.get(key)])
      [Symbol.iterator]() as MapIterator<[string, unknown]>;
  }

  override values(): MapIterator<unknown> {
    return this.#all()
      .map((key) => this.get(key))
      [Symbol.iterator]() as MapIterator<unknown>;
  }

  override [Symbol.iterator](): MapIterator<[string, unknown]> {
    return this.entries();
  }

  override forEach(callback: (value: unknown, key: string, map: Map<string, unknown>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  #all(): string[] {
    const { fields, open, restOpen } = this.#known;
    if (restOpen || (open && open.size > 0))
      throw new NotKnownYet(`${this.#path} is not known as a whole before the pod is made`);
    const keys = Object.keys(fields).filter((key) => fields[key] !== undefined && fields[key] !== null);
    return bounded(keys, keys.length, LONGEST_LIST, this.#path);
  }
}

function celValue(value: unknown, path: string): unknown {
  if (value instanceof KnownObject) return value;
  if (typeof value === 'string') return bounded(value, value.length, LONGEST_TEXT, path);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value))
    return bounded(value, value.length, LONGEST_LIST, path).map((one, index) => celValue(one, `${path}[${index}]`));
  if (typeof value === 'object' && value !== null) return new KnownObject({ fields: value as Known['fields'] }, path);
  return value;
}

function bounded<T>(value: T, length: number, most: number, path: string): T {
  if (length > most) throw new NotKnownYet(`${path} is too long to be looked at`);
  return value;
}
