import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { AssertionResult } from '@jest/test-result';
import { expect } from 'expect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, getState, it, run, test } from 'jest-circus';
import type { FileOrder, FileReport } from './fileReport.ts';

/** The process of one test file: it gets an order, loads the file, runs its tests, reports, and ends by itself. */
const [order] = (await once(process, 'message')) as [FileOrder];
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test });

const state = getState();
state.testTimeout = order.timeout;
state.testNamePattern = order.namePattern ? new RegExp(order.namePattern, 'i') : null;

/** Milliseconds after the report; longer than the runner waits, whose words then say what is wrong. */
const LONGEST_LEFT = 60_000;

let isReported = false;

/** An unhandled error belongs to the running test, or else to the file. After the report it can only be printed. */
const unhandled = (error: unknown): void => {
  if (isReported) console.error('unhandled after the tests:', error);
  else (state.currentlyRunningTest?.errors ?? state.unhandledErrors).push(error as Error);
};
process.on('uncaughtException', unhandled).on('unhandledRejection', unhandled);
// without the runner there is no reader for the results; the testbed's programs end with this process
process.once('disconnect', () => process.exit(1));

const reported = await report(order.path);
isReported = true;
process.send?.(reported);
process.removeAllListeners('disconnect');
process.disconnect();
// the runner ends a process that does not end by itself, unless the runner was ended before
setTimeout(() => process.kill(process.pid, 'SIGKILL'), LONGEST_LEFT).unref();

async function report(path: string): Promise<FileReport> {
  try {
    for (const module of [...order.setup, path]) await import(pathToFileURL(module).href);
  } catch (error) {
    return { rows: [], broken: inspect(error) };
  }
  const { testResults, unhandledErrors } = await run();
  const rows = testResults.map(({ testPath, status, errors, duration }): AssertionResult => {
    const [, ...names] = testPath.map(String);
    return {
      ancestorTitles: names.slice(0, -1),
      title: names.at(-1) ?? '',
      fullName: names.join(' '),
      status: errors.length > 0 ? 'failed' : status === 'done' ? 'passed' : 'pending',
      duration: duration ?? 0,
      failureMessages: errors,
      failureDetails: [],
      numPassingAsserts: 0,
    };
  });
  return { rows, ...(unhandledErrors.length > 0 && { broken: unhandledErrors.map(String).join('\n') }) };
}
