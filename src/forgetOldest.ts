/**
 * Bounds a map or a set whose keys others choose: drops the oldest entries until no more than `most` are left. Both keep the order in which
 * their entries came.
 */
export function forgetOldest<K>(kept: Map<K, unknown> | Set<K>, most: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(oldest);
  }
}
