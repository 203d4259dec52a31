import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageEnvironment } from './imageEnvironment.ts';

/** What a program took, from its start to its end. */
export interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

/** The longest that a program may take, in milliseconds. */
const LONGEST = 300_000;

/** As JavaScript: to take the types out of a file, Node loads 17 MB, which would be measured, too. */
const PRELOADED = `data:text/javascript,${encodeURIComponent(
  stripTypeScriptTypes(readFileSync(new URL('./usage.ts', import.meta.url), 'utf8')),
)}`;

interface MeasureOptions {
  readonly expectedCode?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** `ignore` hides an error that is expected. */
  readonly stderr?: 'inherit' | 'ignore';
}

/** Runs a Node program to its end under the kernel's own accounting. */
export const measureNode = (args: readonly string[], options?: MeasureOptions): Promise<Run> =>
  measure(process.execPath, ['--import', PRELOADED, ...args], options);

/** The same of Meltemi, with the variables that the image sets. */
export const measureMeltemi = (args: readonly string[], options?: MeasureOptions): Promise<Run> =>
  measureNode(args, { ...options, environment: imageEnvironment() });

/** The start of `meltemi plan`: all that it does before it connects. Without a kubeconfig it ends there. */
export const measurePlanStart = (bundle: string): Promise<Run> =>
  measureMeltemi([bundle, 'plan', '--kubeconfig', '/nonexistent'], { expectedCode: 1, stderr: 'ignore' });

/** Runs a program that writes its own usage into `USAGE_FILE`, as `usage.ts` does. */
export async function measure(
  program: string,
  args: readonly string[],
  { expectedCode = 0, environment = {}, stderr = 'inherit' }: MeasureOptions = {},
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-bench-'));
  const file = join(folder, 'usage.json');
  const began = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', stderr],
    env: { ...process.env, ...environment, USAGE_FILE: file },
    timeout: LONGEST,
  });
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    const seconds = (performance.now() - began) / 1000;
    if (code !== expectedCode) throw new Error(`${args.join(' ')} ended with ${code}, not ${expectedCode}`);
    return { seconds, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<Run, 'seconds'>) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The one in the middle. */
export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
