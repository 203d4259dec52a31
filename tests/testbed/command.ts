#!/usr/bin/env node
import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { build, MissingTool } from './build.ts';
import { KUBERNETES_MINORS, kubernetesMinor } from './kubernetesVersions.ts';
import { PROGRAMS, type ProgramName, programsOf, USUAL_PROGRAMS } from './programs.ts';
import { progressOn } from './progress.ts';
import { isTestbed, remove, states } from './state.ts';
import { Testbed } from './testbed.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
const MISSING_TOOL = 3;

interface UpOptions {
  readonly state?: string;
  readonly istio?: string;
  readonly kubernetes?: string;
  readonly root?: boolean;
  readonly detach?: boolean;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function up(options: UpOptions): Promise<void> {
  const minor = kubernetesMinor(options.kubernetes ?? process.env.TESTBED_KUBERNETES);
  await build(progressOn(process.stderr), programsOf(minor));
  const begin = performance.now();
  // From here on a signal must end the processes too; without a testbed yet, its watchdog does that.
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const state = options.state ? { state: options.state } : {};
  const bed = await Testbed.up({ ...state, kubernetes: minor, rootless: !options.root, log: say });
  const installing = options.istio ? install(bed, options.istio) : Promise.resolve();
  const early = await Promise.race([installing, interrupted.then(() => true)]).catch(async (error) => {
    await bed.down();
    throw error;
  });
  if (!early) print(`export KUBECONFIG=${bed.kubeconfig}`);
  say(
    `${early ? 'interrupted' : 'up'} after ${((performance.now() - begin) / 1000).toFixed(1)} s; logs are in ${bed.state}`,
  );
  if (options.detach && !early) {
    say(`take it down with: node tests/testbed/command.ts down ${bed.state}`);
    return bed.detach();
  }
  if (!early) await untilInterrupted(interrupted);
  say('taking it down');
  await bed.down();
}

async function install(bed: Testbed, version: string): Promise<void> {
  say(`installing Istio ${version}`);
  await bed.istio.install({ version });
}

async function untilInterrupted(interrupted: Promise<unknown>): Promise<void> {
  say('Ctrl-C takes it down');
  // Nothing else keeps this process alive: the testbed's processes are no reason for Node to stay.
  const staying = setInterval(() => undefined, 1 << 30);
  await interrupted;
  clearInterval(staying);
}

async function down(folder: string | undefined): Promise<void> {
  if (folder) return takeDown(folder);
  const found = states();
  if (found.length === 0) say('no testbed found');
  for (const { state, keeper } of found) {
    if (keeper === 'process') say(`left alone, because the process that brought it up still runs: ${state}`);
    else await takeDown(state);
  }
}

async function takeDown(state: string): Promise<void> {
  if (!isTestbed(state)) throw new Error(`${state} is no testbed's folder: "status" shows which there are`);
  await remove(state);
  say(`removed ${state}`);
}

const KEEPERS = { process: 'kept by a process', detached: 'detached', left: 'left over' } as const;

function status(): void {
  const found = states();
  if (found.length === 0) print('no testbed found');
  for (const { state, alive, keeper } of found) {
    print(`${state}  (${KEEPERS[keeper]})`);
    print(`  ${alive.length > 0 ? alive.join(', ') : 'nothing runs'}`);
  }
}

function programName(name: string, previous: ProgramName[] = []): ProgramName[] {
  const known = PROGRAMS.find((program) => program === name);
  if (!known) throw new InvalidArgumentError(`It is none of ${PROGRAMS.join(', ')}.`);
  return [...previous, known];
}

const command = new Command('command.ts')
  .description(
    'A real Kubernetes and a real Istio on this machine, without Docker and without root, for tests and the demo.',
  )
  .showHelpAfterError('(--help shows what there is)')
  .addHelpText('after', '\nExit codes: 0 all right, 1 failed, 2 wrong usage, 3 something has to be installed first')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE));

command
  .command('build')
  .description('build the programs, once per user; those on PATH or in KUBEBUILDER_ASSETS are used as they are')
  .argument('[programs...]', 'only these', programName)
  .action(async (wanted?: ProgramName[]) => {
    await build(progressOn(process.stderr), wanted?.length ? wanted : USUAL_PROGRAMS);
    say('everything is built');
  });

command
  .command('up')
  .description('bring a cluster up, print how to reach it, and keep it until Ctrl-C')
  .option('--state <folder>', 'folder for all files; it must be empty')
  .option('--istio <version>', 'install Istio of this version, for example 1.30.2')
  .option('--kubernetes <minor>', `one of ${KUBERNETES_MINORS.join(', ')}; TESTBED_KUBERNETES says it too`)
  .option('--root', 'let webhooks name a Service, as stock meshes do, instead of a URL; needs root')
  .option('--detach', 'leave it running and return')
  .action(up);

command
  .command('down')
  .description('take testbeds down, also those whose starter was killed')
  .argument('[folder]', 'the one with this folder; those that no process keeps if left out')
  .action(down);

command.command('status').description('show the testbeds of this user and what runs of them').action(status);

try {
  await command.parseAsync();
} catch (error) {
  say(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = error instanceof MissingTool ? MISSING_TOOL : FAILED;
}
