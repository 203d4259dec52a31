import type { Row } from './row.ts';

/** Outdated pods that Meltemi cannot restart, and whose they are. */
export interface UnsupportedSums {
  readonly pods: number;
  readonly workloads: number;
  /** Workloads by kind, the most frequent kind first. */
  readonly byKind: ReadonlyMap<string, number>;
}

/** Counts what is outdated and of a kind that cannot be restarted. */
export function unsupportedSums(rows: readonly Row[]): UnsupportedSums {
  const outdated = rows.filter(({ reason, outdatedPods }) => reason === 'unsupported' && outdatedPods !== undefined);
  const byKind = new Map<string, number>();
  for (const { kind } of outdated) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  return {
    pods: outdated.reduce((sum, { outdatedPods = 0 }) => sum + outdatedPods, 0),
    workloads: outdated.length,
    byKind: new Map([...byKind].sort(([a, first], [b, second]) => second - first || Number(a > b) - Number(a < b))),
  };
}
