import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterTest } from '../jest/afterTest.ts';
import { freePort } from './ports.ts';
import { serve, stop } from './processes.ts';

const CLAIM_ALL = `
  import { freePort } from ${JSON.stringify(join(import.meta.dirname, 'ports.ts'))};
  const ports = [];
  for (let count = 0; count < 50; count++) ports.push(await freePort());
  console.log(ports.join(' '));
`;

const LISTEN = `
  require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.argv[1]), '127.0.0.1')
    .on('error', () => { console.error('bind: address already in use'); process.exit(1); });
`;

test('no two processes are given the same port', async () => {
  const mine = new Set<number>();
  for (let count = 0; count < 2000; count++) mine.add(await freePort());
  assert.equal(mine.size, 2000);
  const theirs = execFileSync(process.execPath, ['--input-type=module', '-e', CLAIM_ALL], { encoding: 'utf8' });
  const shared = theirs
    .trim()
    .split(' ')
    .map(Number)
    .filter((port) => mine.has(port));
  assert.deepEqual(shared, []);
});

test('a program whose port is taken for a moment is started again', async () => {
  const state = mkdtempSync(join(tmpdir(), 'meltemi-ports-'));
  afterTest(() => rmSync(state, { recursive: true, force: true }));
  const port = await freePort();
  // who asks it gets an end, and waits for no answer
  const intruder = createServer((socket) => socket.destroy()).listen({ port, host: '127.0.0.1' });
  afterTest(() => intruder.close());
  const program = { name: 'listener', file: process.execPath, args: ['-e', LISTEN, String(port)] };
  const isUp = async () => (await request(`http://127.0.0.1:${port}/`)).statusCode === 200;
  const failures = () => readFileSync(join(state, 'listener.log'), 'utf8').split('already in use').length - 1;
  const freeing = setInterval(() => failures() > 0 && intruder.close(), 50);
  afterTest(() => clearInterval(freeing));
  const starting = serve(state, program, 20_000, async () => failures() > 0 && isUp());
  await stop(state, await starting);
  assert.ok(failures() > 0, 'it met the taken port');
});
