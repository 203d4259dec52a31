#!/usr/bin/env node
import { basename } from 'node:path';
import { CommanderError } from 'commander';
import { completion } from './cli/completion.ts';
import { pauseCommand } from './cli/pauseCommand.ts';
import { planCommand } from './cli/planCommand.ts';
import { checkPolicy } from './cli/policyCommand.ts';
import { program } from './cli/program.ts';
import { resumeCommand } from './cli/resumeCommand.ts';
import { runCommand } from './cli/runCommand.ts';
import { PRODUCT } from './names.ts';
import { FULL_VERSION } from './version.ts';

const OK = 0;
const FAILED = 1;
const USAGE = 2;
/** kubectl runs a program of this name to complete what is typed after `kubectl meltemi`. */
const COMPLETION = `kubectl_complete-${PRODUCT}`;

/** The only file that touches the process: arguments, signals, standard streams, exit code. */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let code = OK;
  const streams = { input: process.stdin, out: process.stdout, error: process.stderr, environment: process.env };
  const command = program(
    FULL_VERSION,
    {
      run: (settings, given) => runCommand(settings, given, process.env, stop.signal),
      policyCheck: (file, output) => checkPolicy(file, output, streams),
      plan: (settings, given) => planCommand(settings, given, streams, stop.signal),
      pause: (settings) => pauseCommand(settings, streams, stop.signal),
      resume: (settings) => resumeCommand(settings, streams, stop.signal),
    },
    (result) => {
      code = result;
    },
  );
  const file = basename(process.argv[1] ?? '');
  if (file === COMPLETION) {
    process.stdout.write(completion(command, process.argv.slice(2)));
    return OK;
  }
  command.name(calledAs(file));
  try {
    await command.parseAsync(process.argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : USAGE;
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return FAILED;
  }
}

/** kubectl runs `kubectl-meltemi` for `kubectl meltemi`; the help shows what was typed. */
const calledAs = (file: string): string => (file.startsWith('kubectl-') ? file.replace('-', ' ') : PRODUCT);

process.exitCode = await main();
