import assert from 'node:assert/strict';
import { type Check, healthHandler } from '../../../src/report/server.ts';
import { ApiServer } from '../cluster/apiServer.ts';

const well: Check = () => undefined;
const SECRET = 'GET /api/v1/secrets: https://10.0.0.1:6443: user "x" has no right';
let problem: string | undefined = SECRET;
const ill: Check = () => problem;
const heard: [string, string | undefined][] = [];
let server: ApiServer;

beforeAll(async () => {
  const checks = { readyz: { watches: ill, other: well }, livez: { ping: well, 'leader-election': well } };
  server = await new ApiServer(healthHandler(checks, (...news) => heard.push(news))).listen();
});
afterAll(() => server[Symbol.asyncDispose]());

const rows: [string, string, number, string][] = [
  ['a group that is well', '/livez', 200, 'ok\n'],
  ['a group with an ill check says which', '/readyz', 503, 'watches failed; see the log\n'],
  ['one check alone', '/livez/leader-election', 200, 'ok\n'],
  ['one ill check alone', '/readyz/watches', 503, 'watches failed; see the log\n'],
  ['a well check beside an ill one', '/readyz/other', 200, 'ok\n'],
  ['verbosely, all well', '/livez?verbose', 200, '[+]ping ok\n[+]leader-election ok\nlivez check passed\n'],
  ['verbosely, one ill', '/readyz?verbose', 503, '[-]watches failed; see the log\n[+]other ok\nreadyz check failed\n'],
  ['without what is excluded', '/readyz?exclude=watches', 200, 'ok\n'],
  ['without what is excluded, verbosely', '/readyz?verbose&exclude=watches', 200, '[+]other ok\nreadyz check passed\n'],
  ['a check that is not there', '/readyz/none', 404, 'known: /readyz, /livez\n'],
  ['a path that is no URL', '//', 404, 'known: /readyz, /livez\n'],
  ['a group of the object prototype', '/constructor', 404, 'known: /readyz, /livez\n'],
];

for (const [name, path, status, text] of rows) {
  test(`health: ${name}`, async () => {
    const response = await fetch(server.url + path);
    assert.deepEqual([response.status, await response.text()], [status, text]);
  });
}

test('health: a problem is logged once, and not shown to clients', async () => {
  heard.length = 0;
  problem = undefined;
  await fetch(`${server.url}/readyz`);
  problem = SECRET;
  for (const path of [
    '/readyz',
    '/readyz?verbose',
    '/readyz/watches',
    '/readyz/watches?verbose',
    '/',
    '/livez?verbose',
  ]) {
    const text = await (await fetch(server.url + path)).text();
    assert.doesNotMatch(text, /secrets|https|10\.0\.0\.1|right/, path);
  }
  problem = 'another text of the same failure';
  await fetch(`${server.url}/readyz`);
  problem = undefined;
  await fetch(`${server.url}/readyz/watches`);
  assert.deepEqual(heard, [
    ['readyz/watches', undefined],
    ['readyz/watches', SECRET],
    ['readyz/watches', undefined],
  ]);
});
