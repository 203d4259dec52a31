/**
 * Outlives its parent by one duty: when the parent is gone (even by SIGKILL, which no handler sees) its end of the pipe
 * closes, and every process of the testbed is stopped. The folder stays for a look at the logs; the next start sweeps it.
 */
import { stopAll } from './processes.ts';

const state = process.argv[2];
if (!state) throw new Error('usage: watchdog.ts STATE');

process.stdin.resume();
process.stdin.once('end', () => void stopAll(state, 3_000));
