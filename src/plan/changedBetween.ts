/** The keys that two maps do not have with the same value. */
export function changedBetween<Key>(
  one: ReadonlyMap<Key, unknown>,
  other: ReadonlyMap<Key, unknown>,
): ReadonlySet<Key> {
  const changed = new Set<Key>();
  for (const [key, value] of one) if (!other.has(key) || other.get(key) !== value) changed.add(key);
  for (const key of other.keys()) if (!one.has(key)) changed.add(key);
  return changed;
}
