import { createServer } from 'node:net';

/** Below the range from which systems take ports for outgoing connections, so that none is taken between choice and use. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

const given = new Set<number>();

/** A loopback port that is free now and that this process has not given out before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!given.has(port) && (await bindable(port, '127.0.0.1'))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`no free port between ${LOWEST} and ${HIGHEST} on 127.0.0.1: stop what listens there`);
}

/** A loopback address other than 127.0.0.1 whose port nobody listens on; Linux answers on all of 127.0.0.0/8. */
export async function freeAddress(port: number): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const address = `127.0.${1 + Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`;
    if (await bindable(port, address)) return address;
  }
  throw new Error(`cannot listen on port ${port} of any loopback address: this needs root, or do without (rootless)`);
}

function bindable(port: number, host: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
