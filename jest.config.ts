import type { Config } from 'jest';
import { skippedFiles } from './tests/live/anyCluster.ts';

type Project = Exclude<NonNullable<Config['projects']>[number], string>;

const MINUTE = 60_000;

/** The project of a suite. A test or hook of it may take so long, in milliseconds, unless it says more itself. */
const project = (displayName: string, testTimeout: number, given: Project = {}): Project => ({
  displayName,
  testTimeout,
  rootDir: import.meta.dirname,
  roots: [`<rootDir>/tests/${displayName}`],
  testMatch: ['**/*.test.ts'],
  moduleFileExtensions: ['ts', 'js'],
  transform: {},
  runner: '<rootDir>/tests/jest/runner.ts',
  ...given,
});

const importLaw = '<rootDir>/tests/contract/importLaw.test.ts';

export default {
  projects: [
    project('lint', MINUTE, { roots: ['<rootDir>/tests'], testMatch: ['<rootDir>/tests/lint/*.test.ts', importLaw] }),
    project('unit', 5 * MINUTE),
    project('simulation', 15 * MINUTE),
    project('contract', 2 * MINUTE),
    project('chart', 2 * MINUTE),
    project('olm', 2 * MINUTE),
    project('testbed', 20 * MINUTE),
    project('page', 15 * MINUTE),
    project('live', 20 * MINUTE, {
      testPathIgnorePatterns: skippedFiles(process.env),
      setupFilesAfterEnv: ['<rootDir>/tests/live/skipTests.ts'],
    }),
  ],
  // a given cluster has room for one scenario at a time
  maxWorkers: process.env.E2E_KUBECONFIG ? 1 : 2,
  verbose: true,
} satisfies Config;
