/**
 * The type that the API gives to a field; an object names those of its fields that are read, an array the type of its elements. A `shallow`
 * object is nested no more deeply than any object that Kubernetes itself defines: some custom resources may contain anything.
 */
export type Shape =
  | 'string'
  | 'number'
  | 'boolean'
  | 'scalar'
  | 'object'
  | 'shallow'
  | 'labels'
  | readonly [Shape]
  | { readonly [field: string]: Shape };

/** More levels than any object has that Kubernetes defines, and so few that recursion over them cannot exhaust the stack. */
const DEEPEST = 64;

/**
 * Whether a value has the types that the API promises, so that what reads it may rely on them. Absent and null fit everything, as Go's
 * decoder has it; an element of an array must be there.
 */
export function fits(value: unknown, shape: Shape): boolean {
  if (value === undefined || value === null) return true;
  if (shape === 'scalar') return typeof value === 'string' || typeof value === 'number';
  if (shape === 'string' || shape === 'number' || shape === 'boolean') return typeof value === shape;
  if (Array.isArray(shape)) return Array.isArray(value) && value.every((one) => one !== null && fits(one, shape[0]));
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  if (shape === 'object') return true;
  if (shape === 'shallow') return isWithin(value, DEEPEST);
  if (shape === 'labels') return Object.values(value).every((one) => typeof one === 'string');
  return Object.entries(shape).every(([field, inner]) => fits((value as Record<string, unknown>)[field], inner));
}

const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((one) => isWithin(one, levels - 1)));
