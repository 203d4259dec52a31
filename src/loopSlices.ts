import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work at once. Watches, the Lease and health probes share the event loop and wait for as long. */
const SLICE = 20;
/** Loops of fewer steps are never cut, so that what is small happens in one order, whatever the machine does besides. */
const STEPS = 32;

/**
 * Cuts a long loop into slices: call `step` after each piece of work, and await what it returns, if it returns something. Then other work
 * of the process has its turn.
 * @returns a new counter; one loop uses it
 */
export function loopSlices(): { step(): Promise<void> | undefined } {
  let [steps, began] = [0, performance.now()];
  return {
    step: () => {
      steps += 1;
      if (steps < STEPS || performance.now() - began < SLICE) return undefined;
      return nextTurn().then(() => {
        began = performance.now();
      });
    },
  };
}
