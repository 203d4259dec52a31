import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AggregatedResult } from '@jest/test-result';

/** How many tests, or commands, went well and how many did not. */
export interface Sum {
  readonly passed: number;
  readonly failed: number;
}

/** Live scenarios wait for most of their time, so two cores play four files at once. */
const LIVE_WORKERS = 4;

interface StreamOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Where its output goes, by default to standard output. */
  readonly to?: 'stdout' | 'stderr';
}

/**
 * Runs a project of jest.config.ts, or the files of it that are chosen by more arguments, and counts its tests.
 * @param limit milliseconds
 */
export async function runProject(
  name: string,
  limit: number,
  chosen: readonly string[] = [],
  options: StreamOptions = {},
): Promise<Sum> {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-jest-'));
  const results = join(folder, 'results.json');
  try {
    const workers = name === 'live' && !process.env.E2E_KUBECONFIG ? ['--maxWorkers', `${LIVE_WORKERS}`] : [];
    const args = ['--selectProjects', name, '--json', '--outputFile', results, ...workers, ...chosen];
    const code = await stream('jest', args, limit, options);
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = read(results);
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    return { passed: numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Results = Pick<AggregatedResult, 'numPassedTests' | 'numFailedTests' | 'numRuntimeErrorTestSuites'>;

/** What jest has written; nothing if it was ended by its time limit. */
function read(path: string): Results {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 };
  }
}

/** Runs a program to its end or its time limit. */
export function stream(
  program: string,
  args: readonly string[],
  limit: number,
  { env = {}, to = 'stdout' }: StreamOptions = {},
): Promise<number> {
  const child = spawn(program, args, {
    stdio: ['ignore', process[to], process.stderr],
    timeout: limit,
    env: { ...process.env, FORCE_COLOR: '0', ...env },
  });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}
