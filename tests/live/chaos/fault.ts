import type { Dice } from '../../unit/fuzz/dice.ts';
import type { Arena } from './arena.ts';
import type { FaultKind } from './parts.ts';

/** Ends a fault. */
export type Heal = () => Promise<void> | void;

/** A kind of fault. Its file is named after it, and `faults.ts` lists it. */
export interface Fault extends FaultKind {
  /** Begins it. What it chooses it chooses by the dice, so that the seed tells it again. */
  readonly begin: (arena: Arena, dice: Dice) => Promise<Heal> | Heal;
}
