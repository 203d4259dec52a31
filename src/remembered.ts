import { forgetOldest } from './forgetOldest.ts';

/**
 * What was made from a key before, or what is made from it now, which is kept.
 * @param most how many are kept: others may choose the keys
 */
export function remembered<K, V extends object>(kept: Map<K, V>, most: number, key: K, make: (key: K) => V): V {
  const known = kept.get(key);
  if (known) return known;
  const made = make(key);
  kept.set(key, made);
  forgetOldest(kept, most);
  return made;
}
