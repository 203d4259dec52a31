import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Identity, identify, isAlive, signal } from './identity.ts';
import { Hopeless, until } from './until.ts';

const GRACE_MS = 10_000;
const KILL_MS = 5_000;
const LOG_LINES = 8;
const STARTS = 5;
const PAUSE_MS = 1000;
const LOG_TAIL = 16_384;

/** What to run. Its name also names its log and its pid file. */
export interface Program {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** A process of a testbed, known by its pid file; it may have been started by another process than this one. */
export interface Running extends Identity {
  readonly name: string;
}

/** Starts a program in a session of its own, so that a Ctrl-C in the terminal reaches only who orders the stop. */
function start(state: string, program: Program): Running {
  const log = openSync(logPath(state, program.name), 'a');
  const child = spawn(program.file, program.args, {
    cwd: program.folder ?? state,
    env: { PATH: process.env.PATH, HOME: state, ...program.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  // Without a listener a failed start would end this process; the caller sees it in the missing pid.
  child.once('error', () => undefined);
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (!identity) throw new Error(`${program.name} did not start: ${program.file}\n${logTail(state, program.name)}`);
  const running = { ...identity, name: program.name };
  writeFileSync(pidPath(state, program.name), JSON.stringify(running));
  return running;
}

/**
 * Starts a program that listens, and waits until it serves. Where its port was taken in between, as the kernel may for an outgoing
 * connection, it is started again.
 */
export async function serve(
  state: string,
  program: Program,
  deadlineMs: number,
  probe: () => Promise<boolean>,
): Promise<Running> {
  for (let left = STARTS - 1; ; left--) {
    const running = start(state, program);
    try {
      await ready(state, running, deadlineMs, probe);
      return running;
    } catch (error) {
      if (left === 0 || isAlive(running) || !logTail(state, program.name).includes('address already in use'))
        throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** Waits until a process serves; if it ends or is late, the error shows the end of its log. */
async function ready(
  state: string,
  running: Running,
  deadlineMs: number,
  probe: () => Promise<boolean>,
): Promise<void> {
  const watched = async () => {
    if (!isAlive(running)) throw new Hopeless(`${running.name} has ended`);
    return probe();
  };
  try {
    await until(`${running.name} to be ready`, deadlineMs, watched, 50);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${logTail(state, running.name)}`);
  }
}

/** Stops a process: asked first, then forced. Returns when it has ended. */
export async function stop(state: string, running: Running, graceMs = GRACE_MS): Promise<void> {
  const ended = () => !isAlive(running);
  signal(running, 'SIGTERM');
  await until(`${running.name} to end`, graceMs, ended, 20).catch(() => signal(running, 'SIGKILL'));
  await until(`${running.name} to end after SIGKILL`, KILL_MS, ended, 20);
  rmSync(pidPath(state, running.name), { force: true });
}

/** Stops all that runs out of a state folder, whoever started it: first what uses the API server, then that, then etcd. */
export async function stopAll(state: string, graceMs = GRACE_MS): Promise<void> {
  const processes = known(state);
  for (const wave of waves(processes)) await Promise.all(wave.map((running) => stop(state, running, graceMs)));
}

/** The processes of a state folder that are alive. */
export const alive = (state: string): Running[] => known(state).filter(isAlive);

export const logPath = (state: string, name: string): string => join(state, `${name}.log`);
const pidPath = (state: string, name: string): string => join(state, `${name}.pid`);

function known(state: string): Running[] {
  if (!existsSync(state)) return [];
  const files = readdirSync(state).filter((file) => file.endsWith('.pid'));
  return files.flatMap((file) => readPid(join(state, file)));
}

function readPid(file: string): Running[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8'))];
  } catch {
    // Half written by a process that was killed while starting this one, or removed meanwhile.
    return [];
  }
}

const LAST = ['kube-apiserver', 'etcd'];

function waves(processes: readonly Running[]): Running[][] {
  const rank = ({ name }: Running) => LAST.indexOf(name);
  return [-1, ...LAST.keys()].map((wave) => processes.filter((running) => rank(running) === wave));
}

function logTail(state: string, name: string): string {
  const path = logPath(state, name);
  const text = existsSync(path) ? readFileSync(path, 'utf8').slice(-LOG_TAIL) : '';
  const lines = text.trimEnd().split('\n').slice(-LOG_LINES);
  return [`log of ${name}: ${path}`, ...lines.map((line) => `  ${line.slice(0, 400)}`)].join('\n');
}
