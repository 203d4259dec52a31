import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createEmptyTestResult, type Test, type TestResult } from '@jest/test-result';
import type { Config } from '@jest/types';
import { formatResultsErrors } from 'jest-message-util';
import type { FileOrder, FileReport } from './fileReport.ts';

const RUN_FILE = fileURLToPath(new URL('runFile.ts', import.meta.url));

interface Watcher {
  isInterrupted(): boolean;
}
type Started = (test: Test) => Promise<void>;
type Passed = (test: Test, result: TestResult) => Promise<void>;
type Failed = (test: Test, error: Error) => Promise<void>;

/**
 * Runs each test file in a Node process of its own, which loads it as production loads its code: as ECMAScript modules, with types stripped
 * by Node. Jest's own runner loads modules in a context of `node:vm`, in which module hooks, worker threads and `instanceof` differ.
 */
export default class Runner {
  readonly supportsEventEmitters = false;
  readonly #config: Config.GlobalConfig;

  constructor(config: Config.GlobalConfig) {
    this.#config = config;
  }

  /** Runs the files, as many at a time as `maxWorkers` says. */
  async runTests(tests: Test[], watcher: Watcher, started: Started, passed: Passed, failed: Failed): Promise<void> {
    const left = [...tests];
    const worker = async (): Promise<void> => {
      for (let test = left.shift(); test && !watcher.isInterrupted(); test = left.shift()) {
        await started(test);
        const result = await this.#run(test).catch((error: Error) => error);
        await (result instanceof Error ? failed(test, result) : passed(test, result));
      }
    };
    await Promise.all(Array.from({ length: this.#config.maxWorkers }, worker));
  }

  async #run({ path, context: { config } }: Test): Promise<TestResult> {
    const { testNamePattern, testTimeout } = this.#config;
    const start = Date.now();
    const report = await reportOf({
      path,
      setup: config.setupFilesAfterEnv,
      timeout: config.testTimeout ?? testTimeout ?? 60_000,
      ...(testNamePattern && { namePattern: testNamePattern }),
    });
    const { rows, broken } = report;
    if (broken !== undefined && rows.length === 0) throw new Error(broken);
    const count = (status: string): number => rows.filter((row) => row.status === status).length;
    return {
      ...createEmptyTestResult(),
      testFilePath: path,
      testResults: rows,
      numPassingTests: count('passed'),
      numFailingTests: count('failed'),
      numPendingTests: count('pending'),
      perfStats: { ...createEmptyTestResult().perfStats, start, end: Date.now(), runtime: Date.now() - start },
      failureMessage:
        [formatResultsErrors(rows, config, this.#config, path), broken].filter(Boolean).join('\n') || null,
      ...(broken !== undefined && { testExecError: { message: broken, stack: broken } }),
    };
  }
}

/** Milliseconds that a process may take to end after its last test. */
const LONGEST_EXIT = 30_000;

/**
 * What a file's process reports. A process that fails after its tests, or does not end, breaks the file.
 * @throws {Error} when the process ends without a report
 */
async function reportOf(order: FileOrder): Promise<FileReport> {
  const child = fork(RUN_FILE, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
  let report: FileReport | undefined;
  let late: NodeJS.Timeout | undefined;
  child.once('message', (message: FileReport) => {
    report = message;
    late = setTimeout(() => child.kill('SIGKILL'), LONGEST_EXIT);
  });
  child.send(order);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(late);
  const end = signal ?? `exit code ${code}`;
  if (!report) throw new Error(`${order.path} ended with ${end} before its tests did`);
  if (code === 0) return report;
  const broken =
    signal === 'SIGKILL'
      ? `the tests have ended but their process did not within ${LONGEST_EXIT / 1000} s: something they started still runs`
      : `the process of the tests ended with ${end}`;
  return { ...report, broken: [report.broken, broken].filter(Boolean).join('\n') };
}
