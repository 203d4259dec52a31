import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Identity, identify, isAlive } from './identity.ts';
import { alive, stopAll } from './processes.ts';

const OWNER = 'owner.json';

/** Where testbeds of this user live unless told otherwise: one folder each. */
export const statesRoot = (): string => join(tmpdir(), `meltemi-testbed-${userInfo().uid}`);

/** Makes the folder of a new testbed. A folder given by the caller must be empty or left over by a dead testbed. */
export async function createState(given?: string): Promise<string> {
  if (given) {
    await clear(given);
    mkdirSync(given, { recursive: true, mode: 0o700 });
    return given;
  }
  mkdirSync(statesRoot(), { recursive: true, mode: 0o700 });
  return mkdtempSync(join(statesRoot(), 'bed-'));
}

/** Notes which process the testbed belongs to: when that is gone, the testbed is a leftover. */
export function own(state: string, pid: number): void {
  writeFileSync(join(state, OWNER), JSON.stringify(identify(pid)));
}

/** Makes a testbed outlive its starter: only an explicit `down` ends it. */
export function disown(state: string): void {
  writeFileSync(join(state, OWNER), JSON.stringify('detached'));
}

export interface Found {
  readonly state: string;
  /** The processes that are alive. */
  readonly alive: readonly string[];
  /** Who ends it: a process that runs, a person (`detached`), or nobody any more (`left`). */
  readonly keeper: 'process' | 'detached' | 'left';
}

/** The testbeds of this user that can be found. */
export function states(): Found[] {
  const root = statesRoot();
  const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
  return folders.map((state) => ({
    state,
    alive: alive(state).map((running) => running.name),
    keeper: keeper(state),
  }));
}

/** Ends what testbeds left running whose starter was killed, and removes their folders. */
export async function sweep(): Promise<string[]> {
  const orphans = states().filter(({ state }) => isOrphan(state));
  for (const { state } of orphans) await remove(state);
  return orphans.map(({ state }) => state);
}

/** Whether a folder is a testbed's, and may be removed as such. */
export const isTestbed = (state: string): boolean => owner(state) !== undefined;

/** Ends all processes of a testbed and removes its folder. */
export async function remove(state: string): Promise<void> {
  await stopAll(state);
  rmSync(state, { recursive: true, force: true, maxRetries: 5 });
}

async function clear(state: string): Promise<void> {
  if (!existsSync(state) || readdirSync(state).length === 0) return;
  const found = owner(state);
  if (found === undefined) throw new Error(`${state} is not empty and no testbed's: give an empty folder`);
  if (!isOrphan(state))
    throw new Error(`${state} belongs to a testbed that runs: take it down first, or give another folder`);
  await remove(state);
}

function keeper(state: string): Found['keeper'] {
  if (isOrphan(state)) return 'left';
  return owner(state) === 'detached' ? 'detached' : 'process';
}

function isOrphan(state: string): boolean {
  const found = owner(state);
  if (found === 'detached') return alive(state).length === 0;
  return found !== undefined && !isAlive(found);
}

function owner(state: string): Identity | 'detached' | undefined {
  try {
    return JSON.parse(readFileSync(join(state, OWNER), 'utf8'));
  } catch {
    return undefined;
  }
}
