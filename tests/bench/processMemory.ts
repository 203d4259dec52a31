import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  readonly rssMb: number;
  /** Of it, what is the process' own: not Node's program, which its processes share and the kernel can read again. */
  readonly ownMb: number;
  /** The most it ever was. */
  readonly peakMb: number;
}

/** What the kernel says of a process. */
export function processMemory(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { rssMb: megabytes('VmRSS'), ownMb: megabytes('RssAnon'), peakMb: megabytes('VmHWM') };
}
