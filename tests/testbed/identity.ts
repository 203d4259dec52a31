import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * A process that cannot be mistaken for a later one with the same number: its number and what the system tells of its
 * birth and command.
 */
export interface Identity {
  readonly pid: number;
  readonly birth: string;
}

/** The identity of a process that runs now. */
export function identify(pid: number): Identity | undefined {
  const birth = existsSync('/proc/self/stat') ? birthInProc(pid) : birthByPs(pid);
  return birth === undefined ? undefined : { pid, birth };
}

/** Whether this very process, and no stranger with its number, is alive. */
export const isAlive = (identity: Identity): boolean => identify(identity.pid)?.birth === identity.birth;

/** Sends a signal if it is still this very process. */
export function signal(identity: Identity, name: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const STATE = 0;
const START_TIME = 19;

function birthInProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command's name in parentheses and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[STATE] === 'Z' ? undefined : `${fields[START_TIME]}`;
  } catch {
    return undefined;
  }
}

function birthByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
