import assert from 'node:assert/strict';
import { type Dice, diceFor } from './dice.ts';

/** The same inputs in every run, unless the environment names another seed. */
export const SEED = Number(process.env.FUZZ_SEED ?? 20260101);
/** Inputs of all series together. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 40_000);
/** Ample for one input of this size, and far from what grows without bound. */
const SLOWEST = 2000;

/**
 * Makes a share of all inputs from the seed and puts each to a check, which says in a word what came of it.
 * @param share of all inputs, of 1
 * @param wanted words of which each must have come up, so that the series proves something
 */
export function series(name: string, share: number, wanted: readonly string[], check: (dice: Dice) => string): void {
  test(name, () => {
    const counts = new Map<string, number>();
    const runs = Math.ceil(RUNS * share);
    for (let index = 0; index < runs; index++) {
      const word = checked(`${name}, FUZZ_SEED=${SEED}, input ${index} of ${runs}`, () => check(diceFor(SEED, index)));
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    console.info(`${name}: seed ${SEED}, ${runs} inputs: ${[...counts].map((pair) => pair.join(' ')).join(', ')}`);
    for (const word of wanted) assert.ok(counts.has(word), `no input ended as ${word}`);
  });
}

/** Runs one check; whatever it throws names the input that it can be made from again. */
function checked(input: string, check: () => string): string {
  const began = performance.now();
  try {
    const word = check();
    const took = performance.now() - began;
    assert.ok(took < SLOWEST, `took ${took.toFixed()} ms`);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'the prototype of all objects was changed');
    return word;
  } catch (error) {
    throw new Error(`${input}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
