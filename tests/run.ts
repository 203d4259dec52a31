import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { skipped } from './live/anyCluster.ts';

/**
 * Runs the suites one after the other, prints how long each took, and ends with their sum alone on the last line.
 * A suite is a command that passes or fails as one, a set of test files whose tests are counted, or both.
 */
interface Suite {
  readonly name: string;
  readonly command?: readonly string[];
  readonly files?: readonly string[];
  readonly minutes: number;
}

const SUITES: readonly Suite[] = [
  {
    name: 'lint',
    command: ['biome', 'check', '--error-on-warnings'],
    files: ['tests/lint/**/*.test.ts', 'tests/contract/importLaw.test.ts'],
    minutes: 2,
  },
  { name: 'types', command: ['tsc'], minutes: 3 },
  { name: 'unit', files: ['tests/unit/**/*.test.ts'], minutes: 8 },
  { name: 'simulation', files: ['tests/simulation/**/*.test.ts'], minutes: 15 },
  { name: 'contract', files: ['tests/contract/**/*.test.ts'], minutes: 3 },
  // the first time this builds Kubernetes and Istio; afterwards it takes no time
  { name: 'programs', command: ['node', 'tests/testbed/command.ts', 'build'], minutes: 40 },
  { name: 'chart', files: ['tests/chart/**/*.test.ts'], minutes: 5 },
  { name: 'olm', files: ['tests/olm/**/*.test.ts'], minutes: 5 },
  { name: 'testbed', files: ['tests/testbed/**/*.test.ts'], minutes: 30 },
  { name: 'live', files: ['tests/live/**/*.test.ts'], minutes: 60 },
];

/** Minutes for all suites together, because CI ends a run after 90. A suite that begins late gets what is left. */
const ALL_MINUTES = 88;

interface Sum {
  passed: number;
  failed: number;
}

async function main(): Promise<number> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const unknown = positionals.find((name) => SUITES.every((suite) => suite.name !== name));
  if (unknown !== undefined) {
    console.error(`unknown suite "${unknown}"; there are ${SUITES.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const sum: Sum = { passed: 0, failed: 0 };
  const deadline = Date.now() + ALL_MINUTES * 60_000;
  for (const suite of SUITES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    console.log(`\n── ${suite.name}`);
    const began = Date.now();
    const { passed, failed } = await runSuite(suite, Math.max(1, Math.min(suite.minutes * 60_000, deadline - began)));
    sum.passed += passed;
    sum.failed += failed;
    console.log(
      `── ${suite.name}: ${passed} passed, ${failed} failed in ${((Date.now() - began) / 1000).toFixed(1)} s`,
    );
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}

/** @param limit milliseconds */
async function runSuite({ name, command, files }: Suite, limit: number): Promise<Sum> {
  const sums = [
    ...(command ? [await runCommand(command, limit)] : []),
    ...(files ? [await runTests(name, globSync([...files]), limit)] : []),
  ];
  const total = (count: (sum: Sum) => number): number => sums.map(count).reduce((a, b) => a + b, 0);
  return { passed: total(({ passed }) => passed), failed: total(({ failed }) => failed) };
}

async function runCommand([program = '', ...args]: readonly string[], limit: number): Promise<Sum> {
  const { code } = await stream(program, args, limit);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runTests(name: string, files: readonly string[], limit: number): Promise<Sum> {
  const { found, flags } = chosen(name, [...files]);
  if (found.length === 0) return { passed: 0, failed: 1 };
  const { code, output } = await stream(
    process.execPath,
    ['--test', '--test-reporter=spec', ...flags, ...found],
    limit,
  );
  const count = (what: string): number => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  return { passed: count('pass'), failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** The files to run and how. On a given cluster the scenarios run one after the other, without those that need more than it has. */
function chosen(suite: string, files: readonly string[]): { found: readonly string[]; flags: readonly string[] } {
  if (suite !== 'live' || !process.env.E2E_KUBECONFIG) return { found: files, flags: ['--test-concurrency=2'] };
  const left = skipped(process.env);
  for (const { file, test, because } of left) console.log(`﹣ skipped ${file}${test ? ` › ${test}` : ''}: ${because}`);
  const whole = new Set(left.filter(({ test }) => !test).map(({ file }) => `${file}.test.ts`));
  const patterns = left.flatMap(({ test }) => (test ? `--test-skip-pattern=/^${literal(test)}$/` : []));
  return { found: files.filter((file) => !whole.has(basename(file))), flags: ['--test-concurrency=1', ...patterns] };
}

/** A text as a regular expression that matches it alone. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Runs a program to its end or its time limit, passing its output on. */
function stream(program: string, args: readonly string[], limit: number): Promise<{ code: number; output: string }> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: limit,
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? 1, output })));
}

process.exitCode = await main();
