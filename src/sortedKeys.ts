/**
 * A replacer for `JSON.stringify` that writes the keys of each object in order, so that equal contents are equal texts. Most objects have
 * them in order already, and are not copied.
 */
export function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  if (keys.every((key, index) => index === 0 || (keys[index - 1] as string) <= key)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => Number(a > b) - Number(a < b)));
}
