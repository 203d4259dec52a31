import type { Dice } from '../../unit/fuzz/dice.ts';
import type { Arena } from './arena.ts';
import type { Heal } from './fault.ts';
import type { FaultyApi } from './faultyApi.ts';

/** Breaks the way of some operators to the API server, and returns what ends that. */
export function onTheWay(arena: Arena, dice: Dice, breakIt: (api: FaultyApi) => void): Heal {
  const ways = arena.some(dice).map(({ api }) => api);
  for (const way of ways) breakIt(way);
  return () => {
    for (const way of ways) way.calm();
  };
}
