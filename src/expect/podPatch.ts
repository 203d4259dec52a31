import jsonPatch, { type Operation, type Validator } from 'fast-json-patch';

/** The API server's limit for the sum of copies in one patch (apiserver pkg/server/config.go JSONPatchMaxCopyBytes). */
const MOST_COPIED = 3 * 1024 * 1024;
/** The API server's limit for operations in one patch (apiserver handlers/patch.go maxJSONPatchOperations). */
const MOST_OPERATIONS = 10_000;
/**
 * The maximum number of list and map elements that the operations of one patch may touch, all together. Each operation may shift a list or
 * compare a map as long as the document, so 10,000 of them on a large one would take minutes. A pod has a few hundred elements in a list.
 */
const MOST_TOUCHED = 20_000_000;
/** RFC 6902. The library knows more operations than these. */
const OPERATIONS: ReadonlySet<unknown> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * Accepts a parsed JSON value as a JSON Patch, as strictly as the API server does.
 * @throws {Error} if it is not a list of known operations, or is too long
 */
export function operationsIn(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw new Error('the patch is not a list of operations');
  if (patch.length > MOST_OPERATIONS) throw new Error(`it has ${patch.length} operations`);
  if (!patch.every((one) => OPERATIONS.has(one?.op))) throw new Error('it has an unknown operation');
  return patch;
}

/**
 * Applies a JSON Patch (RFC 6902) and returns the new document. It changes the given document.
 * @throws {Error} if an operation does not apply, or the patch copies or touches too much
 */
export function applied(given: object, operations: readonly Operation[]): object {
  let document = given;
  const work = { copied: 0, touched: 0 };
  for (const operation of operations) {
    work.touched += touched(document, operation);
    if (work.touched > MOST_TOUCHED) throw new Error('it is too expensive to apply');
    document = after(document, operation, work);
  }
  return document;
}

function after(document: object, operation: Operation, work: { copied: number }): object {
  if (operation.op === 'copy') {
    const text = JSON.stringify(valueAt(document, operation.from));
    // each copy can double a document, so copies are counted as in the API server
    work.copied += text.length;
    if (work.copied > MOST_COPIED) throw new Error('it copies too much');
    return apply(document, { op: 'add', path: operation.path, value: JSON.parse(text) });
  }
  if (operation.op !== 'move') return apply(document, operation);
  // the library's own move copies the document twice to validate it, and the replaced value once
  if (`${operation.path}/`.startsWith(`${operation.from}/`) && operation.path !== operation.from)
    throw new Error('it moves a value into itself');
  const value = valueAt(document, operation.from);
  return apply(apply(document, { op: 'remove', path: operation.from }), { op: 'add', path: operation.path, value });
}

const apply = (document: object, operation: Operation): object =>
  jsonPatch.applyOperation(document, operation, validate, true, true).newDocument;

/** @throws {Error} if the source of a move or copy does not exist, which RFC 6902 requires */
function valueAt(document: object, pointer: string): unknown {
  if (typeof pointer !== 'string') throw new Error('a move or copy has no source');
  const value: unknown = jsonPatch.getValueByPointer(document, pointer);
  if (value === undefined) throw new Error('the source of a move or copy does not exist');
  return value;
}

/** The library searches the whole value of each addition for `undefined`, which JSON cannot contain. */
const validate: Validator<unknown> = (operation, index, document, existing) =>
  jsonPatch.validator(
    'value' in operation && operation.value !== undefined ? { ...operation, value: null } : operation,
    index,
    document,
    existing,
  );

/** The number of elements that an operation shifts in a list, or may compare in a map. */
function touched(document: object, operation: Operation): number {
  if (operation.op === 'test') return sizeOf(targetOf(document, operation.path, 0));
  const places = [operation.path, ...('from' in operation ? [operation.from] : [])];
  return places.reduce((sum, path) => {
    const parent = targetOf(document, path, 1);
    // a list's elements move as one block of memory, so they cost less
    return sum + (Array.isArray(parent) ? parent.length / 8 : 0);
  }, 0);
}

const sizeOf = (value: unknown): number =>
  value !== null && typeof value === 'object' ? Object.keys(value).length : 0;

/** The value at a pointer, or `above` levels higher; undefined if it does not exist. */
function targetOf(document: unknown, pointer: unknown, above: number): unknown {
  const keys = String(pointer).split('/').slice(1);
  let value = document;
  for (const key of keys.slice(0, keys.length - above)) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string, unknown>)[key.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value;
}
