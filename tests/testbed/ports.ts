import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { identify, isAlive } from './identity.ts';

const LOWEST = 10_000;
/** Linux takes the ports of outgoing connections from here on, unless the machine says otherwise. */
const USUAL_FIRST_OUTGOING = 32_768;
const ATTEMPTS = 200;

/** One file for each port that a process has claimed. */
const claims = (): string => join(tmpdir(), `meltemi-testbed-ports-${userInfo().uid}`);

/**
 * A loopback port that is free now, below those of outgoing connections, and claimed for this process until it ends: testbeds that start at
 * the same time would else find the same port free, and even the check for it would be in the way of who is about to listen.
 */
export async function freePort(): Promise<number> {
  const highest = firstOutgoingPort();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST));
    if (claim(port) && (await bindable(port, '127.0.0.1'))) return port;
  }
  throw new Error(`no free port between ${LOWEST} and ${highest} on 127.0.0.1: stop what listens there`);
}

/** A loopback address other than 127.0.0.1 whose port nobody listens on; Linux answers on all of 127.0.0.0/8. */
export async function freeAddress(port: number): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const address = `127.0.${1 + Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`;
    if (await bindable(port, address)) return address;
  }
  throw new Error(`cannot listen on port ${port} of any loopback address: this needs root, or do without (rootless)`);
}

function firstOutgoingPort(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
    return first > LOWEST + 2 * ATTEMPTS ? first : USUAL_FIRST_OUTGOING;
  } catch {
    return USUAL_FIRST_OUTGOING;
  }
}

/** Takes a port for this process, by a file that only one can create. A claim whose process has ended is void. */
function claim(port: number): boolean {
  mkdirSync(claims(), { recursive: true, mode: 0o700 });
  const path = join(claims(), String(port));
  if (owned(path)) return false;
  try {
    const file = openSync(path, 'wx');
    writeSync(file, JSON.stringify(identify(process.pid)));
    closeSync(file);
    return true;
  } catch {
    return false;
  }
}

/** Whether somebody alive holds the claim; a void one is removed. */
function owned(path: string): boolean {
  try {
    const text = readFileSync(path, 'utf8');
    // empty: its owner is just about to write its name
    if (text === '' || isAlive(JSON.parse(text))) return true;
    rmSync(path, { force: true });
    return false;
  } catch {
    return false;
  }
}

function bindable(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
