import { parseArgs } from 'node:util';
import { runProject as runTests, type Sum, stream } from './jest/runProject.ts';
import { skipped } from './live/anyCluster.ts';

/**
 * Runs the suites one after the other, prints how long each took, and ends with their sum alone on the last line.
 * A suite is a command that passes or fails as one, a project of jest.config.ts whose tests are counted, or both.
 */
interface Suite {
  readonly name: string;
  readonly command?: readonly string[];
  readonly isProject?: boolean;
  readonly minutes: number;
  /** Files of the project `live` that are also run alone, when this suite is named. */
  readonly alone?: string;
}

const SUITES: readonly Suite[] = [
  {
    name: 'lint',
    command: ['biome', 'check', '--error-on-warnings'],
    isProject: true,
    minutes: 2,
  },
  { name: 'types', command: ['tsc'], minutes: 3 },
  // what runs in browsers has other globals
  { name: 'types', command: ['tsc', '-p', 'src/page/browser'], minutes: 3 },
  { name: 'unit', isProject: true, minutes: 8 },
  { name: 'simulation', isProject: true, minutes: 20 },
  { name: 'contract', isProject: true, minutes: 3 },
  // the first time this builds Kubernetes and Istio; afterwards it takes no time
  { name: 'programs', command: ['node', 'tests/testbed/command.ts', 'build'], minutes: 40 },
  { name: 'chart', isProject: true, minutes: 5 },
  { name: 'olm', isProject: true, minutes: 5 },
  { name: 'testbed', isProject: true, minutes: 30 },
  // the first time this installs a browser
  { name: 'page', isProject: true, minutes: 10 },
  { name: 'live', isProject: true, minutes: 60 },
  { name: 'chaos', alone: 'live/chaos', minutes: 85 },
];

/** Minutes for all suites together, because CI ends a run after 90. A suite that begins late gets what is left. */
const ALL_MINUTES = 88;

async function main(): Promise<number> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const unknown = positionals.find((name) => SUITES.every((suite) => suite.name !== name));
  if (unknown !== undefined) {
    console.error(`unknown suite "${unknown}"; there are ${SUITES.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const sum = { passed: 0, failed: 0 };
  const deadline = Date.now() + ALL_MINUTES * 60_000;
  const isWanted = ({ name, alone }: Suite): boolean =>
    positionals.length === 0 ? alone === undefined : positionals.includes(name);
  for (const suite of SUITES.filter(isWanted)) {
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
async function runSuite({ name, command, isProject, alone }: Suite, limit: number): Promise<Sum> {
  const sums = [
    ...(command ? [await runCommand(command, limit)] : []),
    ...(isProject ? [await runProject(name, limit)] : []),
    ...(alone ? [await runProject('live', limit, ['--testPathPatterns', alone])] : []),
  ];
  const total = (count: (sum: Sum) => number): number => sums.map(count).reduce((a, b) => a + b, 0);
  return { passed: total(({ passed }) => passed), failed: total(({ failed }) => failed) };
}

async function runCommand([program = '', ...args]: readonly string[], limit: number): Promise<Sum> {
  return (await stream(program, args, limit)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runProject(name: string, limit: number, chosen: readonly string[] = []): Promise<Sum> {
  if (name === 'live')
    for (const { file, test, because } of skipped(process.env))
      console.log(`﹣ skipped ${file}${test ? ` › ${test}` : ''}: ${because}`);
  return runTests(name, limit, chosen);
}

process.exitCode = await main();
