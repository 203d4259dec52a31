import { diceFor } from '../../unit/fuzz/dice.ts';
import type { FaultKind, Part } from './parts.ts';

/** One fault of a schedule. Times are seconds from its beginning. */
export interface Step {
  readonly fault: string;
  readonly begins: number;
  readonly ends: number;
  /** Of the dice for what else the fault chooses: whom it hits, and how. */
  readonly seed: number;
}

/** The step that is no fault: the mesh gets another version, so that there is always something to restart. */
export const UPGRADE: FaultKind = { name: 'upgrade', holds: ['api', 'istiod'], lasts: [2, 2] };
/** A run takes about as long where nothing is in its way. */
const UPGRADE_EVERY = 25;

/** Seconds from the beginning of one fault to the next. */
const GAP: readonly [number, number] = [3, 8];
/** Seconds that a part stays free after a fault: what it was to break must be at work again. */
const REST = 1;

/**
 * The faults of one run, by a seed: the same seed gives the same schedule. Every kind occurs before any occurs again. Faults overlap where
 * they have no part in common.
 */
export function schedule(seed: number, count: number, kinds: readonly FaultKind[]): Step[] {
  const dice = diceFor(seed, 0);
  const free = new Map<Part, number>();
  const steps: Step[] = [];
  const between = ([from, to]: readonly [number, number]): number => from + dice.below(10 * (to - from) + 1) / 10;
  const add = (kind: FaultKind, wanted: number): void => {
    const begins = Math.max(wanted, ...kind.holds.map((part) => free.get(part) ?? 0));
    const ends = begins + between(kind.lasts);
    for (const part of kind.holds) free.set(part, ends + REST);
    steps.push({ fault: kind.name, begins: tenths(begins), ends: tenths(ends), seed: dice.below(2 ** 30) });
  };
  let deck: FaultKind[] = [];
  let now = 0;
  let upgradeAt = 0;
  for (let left = count; left > 0; left--) {
    if (now >= upgradeAt) {
      add(UPGRADE, now);
      upgradeAt = now + UPGRADE_EVERY;
    }
    now += between(GAP);
    if (deck.length === 0) deck = [...kinds];
    const [kind] = deck.splice(dice.below(deck.length), 1);
    if (kind) add(kind, now);
    now = Math.max(now, (steps.at(-1)?.begins ?? 0) - GAP[1]);
  }
  return steps.sort((a, b) => a.begins - b.begins);
}

const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;

/** A schedule as people read it. */
export const scheduleText = (steps: readonly Step[]): string =>
  steps
    .map(({ fault, begins, ends }) => `${begins.toFixed(1).padStart(6)} s  ${fault} until ${ends.toFixed(1)} s`)
    .join('\n');

/** How often each kind of step is in schedules. */
export function countsOf(steps: readonly Step[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { fault } of steps) counts[fault] = (counts[fault] ?? 0) + 1;
  return counts;
}
