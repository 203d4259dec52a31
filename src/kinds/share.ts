import type { IntOrPercent } from './rawWorkload.ts';

/** A number of pods as the API has it: the number itself, or a percentage of all of them, which each controller rounds its own way. */
export function share(value: IntOrPercent, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number.parseFloat(value) * of) / 100) || 0;
}
