import { readdirSync, readFileSync } from 'node:fs';

const NANOSECONDS = 1e9;

/**
 * Processor time that the threads of a process have taken so far, in seconds. The kernel counts it by the nanosecond there
 * (Documentation/scheduler/sched-stats.rst). In `stat` it is a number of ticks of 10 ms, of which an idle operator has six in a minute.
 */
export function cpuSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + nanosecondsOf(`/proc/${pid}/task/${thread}/schedstat`), 0) / NANOSECONDS;
}

const nanosecondsOf = (file: string): number => Number(readFileSync(file, 'utf8').split(' ', 1)[0]);
