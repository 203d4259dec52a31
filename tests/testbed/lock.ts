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
    const holder = take(path);
    if (holder && !told) onWait(holder.pid);
    told ||= holder !== undefined;
    return holder ? new Error(`process ${holder.pid} holds ${path}`) : true;
  };
  await until(`the lock ${path}`, DEADLINE_MS, free, 300);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Takes the lock, or tells who holds it. */
function take(path: string): Identity | undefined {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    // A link appears with its content: nobody can see a lock without a holder.
    linkSync(mine, path);
    return undefined;
  } catch {
    return heldBy(path);
  } finally {
    rmSync(mine, { force: true });
  }
}

function heldBy(path: string): Identity {
  const holder: Identity = JSON.parse(readFileSync(path, 'utf8'));
  if (!isAlive(holder)) rmSync(path, { force: true });
  return holder;
}
