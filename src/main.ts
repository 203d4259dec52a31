#!/usr/bin/env node
import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { PolicyError } from './cli/policyError.ts';
import { program } from './cli/program.ts';
import { messageOf } from './messageOf.ts';
import { PRODUCT } from './names.ts';
import { escaped } from './report/escaped.ts';
import { FULL_VERSION } from './version.ts';

const OK = 0;
const FAILED = 1;
const USAGE = 2;
/** kubectl runs a program of this name to complete words after `kubectl meltemi`. */
const COMPLETION = `kubectl_complete-${PRODUCT}`;

/** Characters of one line of an error. */
const ERROR_LIMIT = 2000;

/**
 * The only file that touches the process: arguments, signals, standard streams, exit code. A command's code is imported when the command
 * runs: the code of all of them takes longer to start than most of them take to run.
 */
async function main(stop: AbortController): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let code = OK;
  const streams = { input: process.stdin, out: process.stdout, error: process.stderr, environment: process.env };
  const command = program(
    FULL_VERSION,
    {
      run: async (settings, given) => {
        needsOutput = true;
        const { runCommand } = await import('./cli/runCommand.ts');
        return runCommand(settings, given, process.env, stop.signal);
      },
      explain: async (reason, format) => {
        const { explainText } = await import('./cli/explainCommand.ts');
        process.stdout.write(explainText(reason, format));
        return OK;
      },
      policyCheck: async (file, options) => {
        const { checkPolicy } = await import('./cli/policyCommand.ts');
        return checkPolicy(file, options, streams, stop.signal);
      },
      plan: async (settings, given) => {
        if (settings.contexts.length === 0) {
          const { planCommand } = await import('./cli/planCommand.ts');
          return planCommand(settings, given, streams, stop.signal);
        }
        const { planClusters } = await import('./cli/planClusters.ts');
        return planClusters(settings, given, streams, stop.signal);
      },
      status: async (settings) => {
        const { statusCommand } = await import('./cli/statusCommand.ts');
        return statusCommand(settings, streams, stop.signal);
      },
      pause: async (settings) => {
        const { pauseCommand } = await import('./cli/pauseCommand.ts');
        return pauseCommand(settings, streams, stop.signal);
      },
      resume: async (settings) => {
        const { resumeCommand } = await import('./cli/resumeCommand.ts');
        return resumeCommand(settings, streams, stop.signal);
      },
    },
    (result) => {
      code = result;
    },
    process.env,
  );
  const file = basename(process.argv[1] ?? '');
  if (file === COMPLETION) {
    const { completion } = await import('./cli/completion.ts');
    const { askCluster } = await import('./cli/askCluster.ts');
    const words = await completion(command, process.argv.slice(2), askCluster(process.env));
    // a login that hangs must not keep the shell waiting
    process.stdout.write(words, () => process.exit(OK));
    return OK;
  }
  command.name(calledAs(file));
  try {
    await command.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
    if (ending === undefined) process.stderr.write(`error: ${errorLines(error).join('\n')}\n`);
    return FAILED;
  }
}

/** Messages quote servers, files and arguments: each is one line, but for those that are a list of our own making. */
function errorLines(error: unknown): string[] {
  const lines = error instanceof PolicyError ? error.lines : [messageOf(error)];
  return lines.map((line) => escaped(line, ERROR_LIMIT));
}

/**
 * What is written for people ends quietly, and well, when its reader has seen enough (`plan | head`). An operator without its log would
 * act unseen, so it ends as failed, and so does what cannot be written for another reason, such as a full disk.
 */
function outputFailed(error: NodeJS.ErrnoException, stop: AbortController): void {
  if (ending !== undefined) return;
  const enough = error.code === 'EPIPE' && !needsOutput;
  ending = enough ? OK : FAILED;
  // main may have returned already: the last write can fail after it
  process.exitCode = ending;
  const what = needsOutput ? 'the log cannot be written to standard output' : 'cannot write to standard output';
  if (!enough)
    process.stderr.write(`error: ${what}: ${error.code === 'EPIPE' ? 'its reader has closed it' : error.message}\n`);
  stop.abort();
}

/** kubectl runs `kubectl-meltemi` for `kubectl meltemi`; the help shows what was typed. */
const calledAs = (file: string): string => (file.startsWith('kubectl-') ? file.replace('-', ' ') : PRODUCT);

/** The exit code once standard output has failed; it overrides the command's own. */
let ending: number | undefined;
/** Whether the command is of no use without its output. */
let needsOutput = false;

const stop = new AbortController();
process.stdout.on('error', (error) => outputFailed(error, stop));
// what could be said about it would go there; the exit code tells all the same
process.stderr.on('error', () => undefined);
const code = await main(stop);
process.exitCode = ending ?? code;
