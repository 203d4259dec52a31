import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded before a program (`--import`), this tells at its end how long its event loop was busy without a break, in milliseconds: by the
 * processor time of its thread from one tick to the next, which a busy machine does not lengthen, and by the clock. It counts from the line
 * of the log that says that the program has started: it compiles its own code before, which no object of the cluster makes longer.
 */
const FILE = process.env.TURN_PROBE;
const TICK = 5;

if (FILE !== undefined) {
  let before = process.threadCpuUsage();
  let busiest = 0;
  const began = performance.now();
  const delay = monitorEventLoopDelay({ resolution: TICK });
  let started = false;
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = ((...args: Parameters<typeof write>) => {
    if (!started && String(args[0]).includes('"msg":"Started"')) {
      delay.enable();
      // the turn that compiled it ends first
      setImmediate(() => {
        before = process.threadCpuUsage();
        started = true;
      });
    }
    return write(...args);
  }) as typeof write;
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    if (started) busiest = Math.max(busiest, (user + system) / 1000);
  }, TICK).unref();
  process.once('exit', () =>
    writeFileSync(
      FILE,
      JSON.stringify({ busiest, longestDelay: delay.max / 1e6, seconds: (performance.now() - began) / 1000 }),
    ),
  );
}
