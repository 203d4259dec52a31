import { execFile } from 'node:child_process';

const DEADLINE_MS = 120_000;
const MAX_OUTPUT = 256 << 20;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly deadlineMs?: number;
}

/** Runs a program to its end and returns what it printed; a failure's error quotes what it complained about. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const settings = {
    env: { PATH: process.env.PATH, ...options.env },
    timeout: options.deadlineMs ?? DEADLINE_MS,
    maxBuffer: MAX_OUTPUT,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, settings, (error, out, err) => {
      if (error) reject(new Error(`${file} ${args.join(' ')}: ${(err || error.message).trim()}`));
      else resolve(out);
    });
    // one that does not read its input may have ended before it is given
    child.stdin?.once('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}
