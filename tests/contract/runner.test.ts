import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { FormattedTestResults } from '@jest/test-result';

/** What jest reports of the fixtures, as `make test` reads it. */
const ran = new Promise<FormattedTestResults>((resolve) => {
  const config = {
    rootDir: process.cwd(),
    testMatch: ['<rootDir>/tests/jest/fixtures/*.test.ts'],
    moduleFileExtensions: ['ts', 'js'],
    transform: {},
    runner: '<rootDir>/tests/jest/runner.ts',
  };
  const command = ['node_modules/jest/bin/jest.js', '--config', JSON.stringify(config), '--json'];
  execFile(process.execPath, command, { timeout: 60_000 }, (_failed, out) => resolve(JSON.parse(out)));
});

const fileOf = async (name: string) =>
  (await ran).testResults.find((result) => result.name.endsWith(`${name}.test.ts`));

test('rows pass, fail, are skipped and run out of time, each by itself', async () => {
  const rows = (await fileOf('rows'))?.assertionResults ?? [];
  assert.deepEqual(Object.fromEntries(rows.map(({ fullName, status }) => [fullName, status])), {
    passes: 'passed',
    'sees what the row before undid': 'passed',
    fails: 'failed',
    'is skipped': 'pending',
    'is still to be written': 'pending',
    'takes longer than it may': 'failed',
    'a hook that fails fails its tests': 'failed',
  });
});

test('a file that cannot be loaded fails and says why', async () => {
  const file = await fileOf('broken');
  assert.equal(file?.status, 'failed');
  assert.match(file?.message ?? '', /cannot be loaded/);
});

test('a file whose process fails after its tests fails', async () => {
  const file = await fileOf('exits');
  assert.equal(file?.status, 'failed');
  assert.match(file?.message ?? '', /exit code 3/);
});

test('failures count: rows by themselves, files that break as well', async () => {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = await ran;
  assert.deepEqual([numPassedTests, numFailedTests, numRuntimeErrorTestSuites], [3, 3, 2]);
});
