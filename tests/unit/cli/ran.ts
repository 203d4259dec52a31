import { execFile } from 'node:child_process';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

const PLAIN = { PATH: process.env.PATH ?? '', NO_COLOR: '1' };

const run = (file: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { timeout: 30_000, maxBuffer: 64 * 1024 * 1024, env: { ...PLAIN, ...environment } };
    execFile(file, args, options, (failure, out, error) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : failure ? -1 : 0, out, error }),
    );
  });

/** Runs the command as a process of its own. */
export const meltemi = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run(process.execPath, ['src/main.ts', ...args], environment);

/** Runs a line of bash, in which `meltemi` is the command. Without `--norc` it may take a socket as its input for a login. */
export const bash = (line: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run('bash', ['--norc', '-c', `meltemi() { "${process.execPath}" src/main.ts "$@"; }; ${line}`], environment);
