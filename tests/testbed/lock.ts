import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Identity, identify, isAlive } from './identity.ts';
import { until } from './until.ts';

const DEADLINE_MS = 45 * 60_000;

/** Runs the work while no other process runs work under the same lock file. A dead holder's lock is taken over. */
export async function locked<T>(path: string, onWait: (pid: number) => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  const free = () => {
    if (take(path)) return true;
    const holder = heldBy(path);
    if (holder && !told) onWait(holder.pid);
    told ||= holder !== undefined;
    return holder && new Error(`process ${holder.pid} holds ${path}`);
  };
  await until(`the lock ${path}`, DEADLINE_MS, free, 300);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    // A link appears with its content: nobody can see a lock without a holder.
    linkSync(mine, path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** The living holder; a dead one's lock is removed, for the next attempt to take. */
function heldBy(path: string): Identity | undefined {
  try {
    const holder: Identity = JSON.parse(readFileSync(path, 'utf8'));
    if (isAlive(holder)) return holder;
    rmSync(path, { force: true });
  } catch {
    // Given back between our attempt and this look.
  }
  return undefined;
}
