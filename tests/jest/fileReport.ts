import type { AssertionResult } from '@jest/test-result';

/** What the runner asks of the process of a test file. */
export interface FileOrder {
  readonly path: string;
  /** Milliseconds for a test or a hook that does not say more itself. */
  readonly timeout: number;
  readonly namePattern?: string;
  /** Modules that are loaded before it. */
  readonly setup: readonly string[];
}

/** What the process of a test file answers, once. */
export interface FileReport {
  readonly rows: AssertionResult[];
  /** What went wrong outside of any test. */
  readonly broken?: string;
}
