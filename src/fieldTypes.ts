/** The type that the API gives to a field; an object names those of its fields that are read, an array the type of its elements. */
export type Shape =
  | 'string'
  | 'number'
  | 'boolean'
  | 'scalar'
  | 'object'
  | 'labels'
  | readonly [Shape]
  | { readonly [field: string]: Shape };

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
  if (shape === 'labels') return Object.values(value).every((one) => typeof one === 'string');
  return Object.entries(shape).every(([field, inner]) => fits((value as Record<string, unknown>)[field], inner));
}
