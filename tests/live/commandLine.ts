import { execFile } from 'node:child_process';
import type { Row } from '../../src/report/row.ts';

const LIMIT = 120_000;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs the command line to its end, as a user would. */
export function meltemi(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], { timeout: LIMIT }, (failure, out, error) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : failure ? -1 : 0, out, error }),
    );
  });
}

/** What `plan -o json` says of every workload. */
export async function planRows(kubeconfig: string, ...args: string[]): Promise<readonly Row[]> {
  const { out, error } = await meltemi('plan', '--kubeconfig', kubeconfig, '-o', 'json', ...args);
  if (!out) throw new Error(`plan: ${error}`);
  return (JSON.parse(out) as { workloads: readonly Row[] }).workloads;
}
