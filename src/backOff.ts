/** Milliseconds before the first retry, and the most that a later one waits. */
export interface BackOffLimits {
  readonly first: number;
  readonly longest: number;
}

/**
 * Milliseconds to wait after `failures` failures in a row (1 or more): the first wait, doubled with each further failure up to the longest.
 * @param random a number in [0, 1): up to as much again, so that the clients of one failed server do not return together (client-go
 *   reflector.go waits likewise)
 */
export function backOff(failures: number, { first, longest }: BackOffLimits, random = 0): number {
  return Math.min(longest, first * 2 ** (failures - 1)) * (1 + random);
}
