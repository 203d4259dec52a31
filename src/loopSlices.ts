import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work at once. Watches, the Lease and health probes share the event loop and wait for as long. */
const SLICE = 10;
/**
 * Loops of fewer steps are cut only where the steps themselves are long, by the processor time that they took. So short loops run in
 * one order, however busy the machine is.
 */
const STEPS = 32;
const LONG_STEPS = 10;

/**
 * Cuts a long loop into slices: call `step` after each piece of work, and await what it returns, if it returns something. Then other work
 * of the process has its turn.
 * @returns a new counter; one loop uses it
 */
export function loopSlices(): { step(): Promise<void> | undefined } {
  let [steps, began, worked] = [0, performance.now(), processorTime()];
  return {
    step: () => {
      steps += 1;
      const isOver = steps < STEPS ? processorTime() - worked >= LONG_STEPS : performance.now() - began >= SLICE;
      if (!isOver) return undefined;
      return nextTurn().then(() => {
        began = performance.now();
        worked = processorTime();
      });
    },
  };
}

/** Steps that take long together even where each is short, as in a sort. */
const MANY = 500;

/** Gives other work its turn after something that had so many short steps and could not be cut. */
export const afterSteps = (steps: number): Promise<void> | undefined => (steps < MANY ? undefined : nextTurn());

/** Milliseconds that this thread has worked; before Node 23.9 only the whole process can be asked. */
function processorTime(): number {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)();
  return (user + system) / 1000;
}

/** What a generator that runs in slices yields: after a short step, or before and after one that cannot be cut, such as a sort of all. */
export type Pause = 'short' | 'long';

/**
 * Runs a generator to its end in slices.
 * @param steps about how many short steps there are: of few, long ones need no turn of their own
 */
export async function inSlices<T>(work: Generator<Pause, T>, steps: number): Promise<T> {
  const slices = loopSlices();
  for (;;) {
    const next = work.next();
    if (next.done) return next.value;
    await (next.value === 'long' ? afterSteps(steps) : slices.step());
  }
}
