import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded before a program (`--import`), this tells at its end how long its event loop was busy without a break, in milliseconds: by the processor time
 * of its thread from one tick to the next, which a busy machine does not lengthen, and by the clock. What happens while modules are loaded does not count.
 */
const FILE = process.env.TURN_PROBE;
const TICK = 5;
/** A program that starts compiles its own code, which no object of the cluster makes longer. */
const STARTED = 3000;

if (FILE !== undefined) {
  let before = process.threadCpuUsage();
  let busiest = 0;
  const began = performance.now();
  const delay = monitorEventLoopDelay({ resolution: TICK });
  setTimeout(() => delay.enable(), STARTED).unref();
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    if (performance.now() - began > STARTED) busiest = Math.max(busiest, (user + system) / 1000);
  }, TICK).unref();
  process.once('exit', () =>
    writeFileSync(
      FILE,
      JSON.stringify({ busiest, longestDelay: delay.max / 1e6, seconds: (performance.now() - began) / 1000 }),
    ),
  );
}
