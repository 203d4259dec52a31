#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { printTable } from '../bench/printTable.ts';
import { runProject } from '../jest/runProject.ts';
import { build, MissingTool } from '../testbed/build.ts';
import { progressOn } from '../testbed/progress.ts';
import { type RanRow, writeRan } from './ran.ts';
import { MATRIX, type MatrixRow } from './rows.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
const MISSING_TOOL = 3;

/** One row ends after this, whatever hangs in it. */
const ROW_MS = 25 * 60_000;
const MINUTE = 60_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Options {
  readonly json?: boolean;
  readonly write?: boolean;
  readonly list?: boolean;
}

async function matrix(
  rows: readonly MatrixRow[],
  { json = false, write = false, list = false }: Options,
): Promise<void> {
  if (list) return printTable([['row', 'versions', 'files'], ...rows.map(listed)]);
  if (process.env.E2E_KUBECONFIG) throw new Error('the matrix makes its own clusters: run it without E2E_KUBECONFIG');
  const seen: RanRow[] = [];
  for (const [index, row] of rows.entries()) {
    say(`\n── [${index + 1}/${rows.length}] ${row.name}: ${row.versions}, files ${row.files.join(', ')}`);
    await build(progressOn(process.stderr), row.programs);
    const result = await runRow(row);
    seen.push(result);
    say(`── ${row.name}: ${result.passed} passed, ${result.failed} failed in ${result.minutes} min`);
  }
  if (write)
    writeRan(
      seen,
      MATRIX.map(({ name }) => name),
    );
  if (json) process.stdout.write(`${JSON.stringify(seen, undefined, 2)}\n`);
  else printTable([['row', 'versions', 'passed', 'failed', 'minutes'], ...seen.map(shown)]);
  if (seen.some(({ passed, failed }) => failed > 0 || passed === 0)) process.exitCode = FAILED;
}

async function runRow({ name, versions, minor, files }: MatrixRow): Promise<RanRow> {
  const began = performance.now();
  const chosen = ['--testPathPatterns', `/live/(${files.join('|')})\\.test\\.ts$`];
  const sum = await runProject('live', ROW_MS, chosen, { env: { TESTBED_KUBERNETES: minor }, to: 'stderr' });
  const minutes = Math.round((performance.now() - began) / (MINUTE / 10)) / 10;
  return { name, versions, files, ...sum, minutes };
}

const listed = ({ name, versions, files }: MatrixRow): string[] => [name, versions, files.join(', ')];

const shown = ({ name, versions, passed, failed, minutes }: RanRow): string[] => [
  name,
  versions,
  `${passed}`,
  `${failed}`,
  minutes.toFixed(1),
];

function rowNamed(name: string, previous: MatrixRow[] = []): MatrixRow[] {
  const row = MATRIX.find((one) => one.name === name);
  if (!row) throw new InvalidArgumentError(`It is none of ${MATRIX.map((one) => one.name).join(', ')}.`);
  return [...previous, row];
}

const command = new Command('matrix')
  .description(
    'Runs the live scenarios of the main job on each Kubernetes version, and an upgrade between two really different istiods.',
  )
  .argument('[rows...]', `only these of ${MATRIX.map(({ name }) => name).join(', ')}`, rowNamed)
  .option('--list', 'show the rows and what they run, and run nothing')
  .option('--json', 'print the result as JSON; everything else goes to standard error')
  .option('--write', 'keep the result in tests/matrix/ran.json, which the README is compared with')
  .showHelpAfterError('(--help shows what there is)')
  .addHelpText(
    'after',
    '\nThe first run builds two more Kubernetes and one more istiod, which takes about 20 minutes on two cores.',
  )
  .addHelpText(
    'after',
    'Exit codes: 0 all passed, 1 something failed, 2 wrong usage, 3 something has to be installed first',
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
  .action((rows: readonly MatrixRow[] | undefined, options: Options) => matrix(rows?.length ? rows : MATRIX, options));

try {
  await command.parseAsync();
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = error instanceof MissingTool ? MISSING_TOOL : FAILED;
}
