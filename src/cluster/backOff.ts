const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/**
 * Milliseconds to wait after `failures` failures in a row (1 or more): doubling from 1 s to 30 s, plus up to as much again so that
 * clients of one failed server do not return together (client-go reflector.go waits likewise).
 * @param random a number in [0, 1)
 */
export function backOff(failures: number, random: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (1 + random);
}
