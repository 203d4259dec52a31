/** The keys that two maps do not have with the same value; a map that is absent has none. */
export function changedBetween<Key>(
  one: ReadonlyMap<Key, unknown> = new Map(),
  other: ReadonlyMap<Key, unknown> = new Map(),
): ReadonlySet<Key> {
  const changed = new Set<Key>();
  for (const [key, value] of one) if (!other.has(key) || other.get(key) !== value) changed.add(key);
  for (const key of other.keys()) if (!one.has(key)) changed.add(key);
  return changed;
}
