import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseDuration } from '../../../src/cli/duration.ts';
import { OperatorProcess } from '../../live/operatorProcess.ts';
import { until } from '../../testbed/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-cli-'));
after(() => rmSync(folder, { recursive: true }));

function meltemi(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; error: string }> {
  const options = { timeout: 20_000, env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], options, (failure, out, error) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : failure ? -1 : 0, out, error }),
    );
  });
}

const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const unreachable = file(
  'unreachable',
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
);

const rows: [string, string[], Record<string, string>, number, RegExp][] = [
  [
    'an unknown flag, with what was probably meant',
    ['plan', '--kubeconfg', 'x'],
    {},
    2,
    /unknown option '--kubeconfg'\s+\(Did you mean --kubeconfig\?\)/,
  ],
  ['an unknown command', ['plam'], {}, 2, /unknown command 'plam'.*plan/s],
  [
    'a number that is none',
    ['run', '--max-in-flight', '0'],
    {},
    2,
    /--max-in-flight <number>' argument '0' is invalid\. It must be a whole number from 1/,
  ],
  [
    'a number in the environment that is none',
    ['run'],
    { MELTEMI_MAX_IN_FLIGHT: 'many' },
    2,
    /'many' from env 'MELTEMI_MAX_IN_FLIGHT' is invalid\. It must be a whole number/,
  ],
  [
    'a duration without unit',
    ['run', '--restart-delay', '10'],
    {},
    2,
    /It must be a duration such as 10s, 5m or 1h30m/,
  ],
  ['a switch with another value', ['run', '--dry-run=maybe'], {}, 2, /'maybe' is invalid\. It must be true or false/],
  ['a namespace that is none', ['plan', '--skip-namespaces', 'a,B_c'], {}, 2, /"B_c" is no namespace name/],
  ['an output that is none', ['plan', '-o', 'xml'], {}, 2, /It must be table, json or yaml/],
  ['an address that is none', ['run', '--metrics-bind-address', 'here'], {}, 2, /It must be host:port, :port, or 0/],
  [
    'a folder without a certificate for metrics',
    ['run', '--kubeconfig', unreachable, '--metrics-bind-address', '127.0.0.1:0', '--metrics-cert-path', folder],
    {},
    1,
    /cannot read .*tls\.crt \(ENOENT\): is the Secret mounted there/,
  ],
  ['a kubeconfig that is not there', ['plan', '--kubeconfig', '/no/such/file'], {}, 1, /\/no\/such\/file/],
  ['a kubeconfig that is no YAML', ['plan', '--kubeconfig', file('broken', '{{{')], {}, 1, /broken/],
  [
    'a context that is not there, with those that are',
    ['plan', '--kubeconfig', unreachable, '--context', 'y'],
    {},
    1,
    /"?y"?.*x/s,
  ],
  ['an API server that does not answer', ['plan', '--kubeconfig', unreachable], {}, 1, /127\.0\.0\.1:1/],
];

for (const [name, args, env, code, message] of rows) {
  test(`${name}: exit ${code}`, async () => {
    const ran = await meltemi(args, env);
    assert.match(ran.error, message);
    assert.equal(ran.code, code);
    assert.equal(ran.out, '');
  });
}

test('run with an API server that does not answer keeps trying, says so, and stops tidily', async () => {
  const operator = new OperatorProcess(unreachable);
  const complaint = await until('a complaint', 20_000, () => operator.said('Watch failed, will be tried again')[0]);
  assert.match(String(complaint.err), /127\.0\.0\.1:1: connection refused/);
  assert.equal(await operator.stop(), 0);
});

test('a health address that is taken ends the process, though its metrics listen already', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  const listeners = ['--metrics-bind-address', '127.0.0.1:0', '--health-probe-bind-address', address];
  const { code, error } = await meltemi(['run', '--kubeconfig', unreachable, ...listeners]);
  taken.close();
  assert.match(error, /cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)/);
  assert.equal(code, 1);
});

test('help has examples and is no error', async () => {
  for (const command of ['run', 'plan']) {
    const { code, out } = await meltemi([command, '--help']);
    assert.equal(code, 0);
    assert.match(out, /Examples:/);
  }
});

test('the version names the commit', async () =>
  assert.match((await meltemi(['--version'])).out, /^\d+\.\d+\.\d+ \(\w+\)\n$/));

const durations: [string, number | undefined][] = [
  ['0', 0],
  ['0s', 0],
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['250ms', 250],
  ['10', undefined],
  ['-1s', undefined],
  ['', undefined],
  ['5 m', undefined],
];
for (const [text, expected] of durations)
  test(`"${text}" is ${expected ?? 'no duration'}`, () => assert.equal(parseDuration(text), expected));
