import { readFileSync, writeFileSync } from 'node:fs';

/** Preloaded into a measured process: at its end it writes what the kernel counted for it. */
const file = process.env.USAGE_FILE;
if (file) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    // `maxRSS` has the memory of the parent, too, from before the exec
    const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
    writeFileSync(file, JSON.stringify({ peakMb, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
  });
}
