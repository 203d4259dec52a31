/**
 * What a fault takes hold of. Two faults with a part in common never hold at the same time: what is broken twice would be mended once, and
 * an upgrade needs an API server.
 */
export type Part = 'api' | 'way' | 'istiod' | 'operators' | 'policy' | 'fleet' | 'nodes' | 'clocks';

/** What the schedule must know of a kind of fault. */
export interface FaultKind {
  readonly name: string;
  readonly holds: readonly Part[];
  /** Seconds, from the first to the second. */
  readonly lasts: readonly [number, number];
}
